"""Benchmarks: each figure beside its goal, measured in fresh processes. Nothing here is a test."""
