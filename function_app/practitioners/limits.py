"""How many predictions one person may ask for: a person fills the form, and an endpoint costs money."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

PER_MINUTE = 30  # a person who fills a form needs no more
BURST = 10  # at once, after a pause
MOST_CALLERS = 1_000  # that are remembered: the longest unseen is forgotten, who then has a full burst again


class RateLimit:
    """A token bucket for each caller, of one process. Safe to use from many threads."""

    def __init__(
        self, per_minute: float = PER_MINUTE, burst: int = BURST, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._clock = per_minute / 60, burst, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait_for(self, caller: str) -> float:
        """Seconds until the caller may ask; 0 where it is now, and then it has been counted.

        Examples
        --------
        >>> limit = RateLimit(per_minute=60, burst=2, clock=lambda: 5.0)
        >>> [limit.wait_for("a") for _ in range(3)], limit.wait_for("b")
        ([0.0, 0.0, 1.0], 0.0)
        """
        with self._lock:
            now = self._clock()
            left, at = self._buckets.pop(caller, (float(self._burst), now))
            left = min(left + (now - at) * self._rate, float(self._burst))
            allowed = left >= 1
            self._buckets[caller] = (left - 1 if allowed else left, now)
            if len(self._buckets) > MOST_CALLERS:
                self._buckets.popitem(last=False)
            return 0.0 if allowed else (1 - left) / self._rate
