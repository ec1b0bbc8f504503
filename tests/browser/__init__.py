"""Pages driven in a real browser."""
