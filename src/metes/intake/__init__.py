"""Intake: files of every usual format as Arrow tables with physical lines, and the gazetteer that finds places offline."""
