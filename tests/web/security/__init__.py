"""Attacks on the web app and the API."""
