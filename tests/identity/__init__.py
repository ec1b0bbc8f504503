"""Tests of passwords and secrets."""
