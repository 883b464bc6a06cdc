"""How long the sandbox, its tests and the benchmarks wait for what comes about in another process or thread."""

import time
from collections.abc import Callable

# Only a hang reaches it: the longest wait, a training run of the loop, takes 20 s on two idle cores and took 250 s
# where a load of 15 ran beside it.
HANG_SECONDS = 900.0


def wait_until(condition: Callable[[], object], what: str, pause: float = 0.02) -> None:
    """Return once `condition()` is true; it is asked every `pause` seconds.

    Raises
    ------
    TimeoutError
        After HANG_SECONDS; the message names `what` did not come about.
    """
    deadline = time.monotonic() + HANG_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"After {HANG_SECONDS:.0f} s: {what} did not come about.")
        time.sleep(pause)
