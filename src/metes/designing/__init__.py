"""Designs of a workspace: what is asked, worked out, moved by hand, kept, compared, and turned into rules."""
