"""How far something long is: a bar where a terminal shows it, a line now and then elsewhere."""

import sys

BAR = 30
PLAIN_EVERY = 10  # per cent between two lines, where no terminal shows a bar


class Progress:
    def __init__(self, doing: str, things: str) -> None:
        self._doing = doing
        self._things = things
        self._terminal = sys.stderr.isatty()
        self._last = -1

    def show(self, done: int, total: int | None) -> None:
        share = min(done / total, 1.0) if total else 0.0
        if self._terminal:
            filled = round(BAR * share)
            of_total = f" of {total:,}" if total else ""
            bar = f"[{'#' * filled}{'.' * (BAR - filled)}]"
            print(f"\r{self._doing} {bar} {done:,}{of_total} {self._things} ", end="", file=sys.stderr, flush=True)
        elif (step := int(share * 100) // PLAIN_EVERY) != self._last:
            self._last = step
            print(f"{self._doing}: {done:,} {self._things}, {share:.0%}", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._terminal:
            print(file=sys.stderr)
