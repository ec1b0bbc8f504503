"""Tests of the trial scripts."""
