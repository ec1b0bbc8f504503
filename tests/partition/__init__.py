"""Tests of the kernels, each against the slow and obvious way."""
