"""`python -m driftloop`: the command line where its script is not on the path."""

from driftloop.cli.main import main

if __name__ == "__main__":
    main()
