"""Keeps to the pace that a service allows, for all threads of this process together."""

import threading
import time
from collections.abc import Callable

Clock = Callable[[], float]


class Pacer:
    """Gives out moments to ask, evenly spaced. Each call of `reserve` takes the next free one."""

    def __init__(self, per_second: float, clock: Clock = time.monotonic) -> None:
        self._interval = 1 / per_second
        self._clock = clock
        self._next = 0.0
        self._lock = threading.Lock()

    def reserve(self, budget: float) -> float | None:
        """Seconds to wait for our moment; None, and no moment taken, if that is more than `budget`."""
        with self._lock:
            now = self._clock()
            moment = max(now, self._next)
            if moment - now > budget:
                return None
            self._next = moment + self._interval
            return moment - now

    def hold(self, seconds: float) -> None:
        """The service asked us to wait: nobody asks before then."""
        with self._lock:
            self._next = max(self._next, self._clock() + seconds)


_pacers: dict[tuple[str, float], Pacer] = {}
_pacers_lock = threading.Lock()


def pacer_for(base_url: str, per_second: float) -> Pacer:
    """The pacer of one service, shared by every client of the process: the service counts by our address, not by our objects."""
    with _pacers_lock:
        return _pacers.setdefault((base_url, per_second), Pacer(per_second))
