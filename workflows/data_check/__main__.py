"""`python -m workflows.data_check`: the check of one step."""

import sys

from workflows.data_check.step import main

if __name__ == "__main__":
    sys.exit(main())
