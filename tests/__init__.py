"""Tests of Metes; the folders mirror the source."""
