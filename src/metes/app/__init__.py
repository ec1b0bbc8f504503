"""Wiring: settings read once become a Workspace, which constructs everything and keeps the shelf."""
