"""The command line: parse, call one verb, render. Heavy libraries are loaded inside commands."""

from metes.cli.main import main

__all__ = ["main"]
