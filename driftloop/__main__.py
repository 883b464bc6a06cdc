"""The process that `driftloop` and `python -m driftloop` start."""

from __future__ import annotations

import gc

from driftloop.cli.stopping import end_process, stop_with_one_line


def main() -> None:
    """Run the command line; signals are seen to before the imports begin."""
    stop_with_one_line()
    # What imports make is kept to the end: looking through it for garbage costs a check a fifteenth of its time.
    # `driftloop.cli.imports` switches the collector on again.
    gc.disable()
    from driftloop.cli.main import run

    end_process(run())


if __name__ == "__main__":
    main()
