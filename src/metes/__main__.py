"""`python -m metes` is the `metes` command."""

from metes.cli import main

if __name__ == "__main__":
    main()
