"""The use cases of reading: owners and histories in two times, profiles, trees with sums, search."""
