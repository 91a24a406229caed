"""From SIGTERM until the server takes no more connections: time for a load balancer to see that this process is not ready any more.

The server's own way of ending follows: it closes its door, lets requests under way finish, and then the application ends its work.
"""

import asyncio
import signal
import threading
from types import FrameType
from typing import Any

import structlog

log = structlog.get_logger("evidence.service")


class Draining:
    def __init__(self, seconds: float) -> None:
        self.begun = False
        self._seconds = seconds

    def await_signal(self, loop: asyncio.AbstractEventLoop) -> None:
        """Step in front of the server's own handler of SIGTERM, if there is one; a second signal reaches it at once."""
        if threading.current_thread() is not threading.main_thread():
            return  # a test, or another program, whose signals are its own
        servers: Any = signal.getsignal(signal.SIGTERM)
        if not callable(servers):
            return

        def begin(number: int, frame: FrameType | None) -> None:
            at_once = self.begun or not self._seconds
            self.begun = True
            if at_once:
                servers(number, frame)
            else:
                log.info("shutting down", drain_seconds=self._seconds)
                loop.call_soon_threadsafe(loop.call_later, self._seconds, servers, number, frame)

        signal.signal(signal.SIGTERM, begin)
