"""Designs territories: parts units into balanced, compact, contiguous territories, and says how far that is from the best possible."""
