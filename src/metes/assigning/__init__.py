"""assigning."""
