"""Sending no faster than servers let clients speak: a few lines at once, then one every two seconds (RFC 1459 §8.10).

Whoever has lines waiting takes turns, so that one who asks a lot delays nobody else. What waits is bounded, for each
and in all; Twisted's `lineRate` has one endless queue for all, and no burst.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence

from twisted.internet.interfaces import IDelayedCall, IReactorTime

__all__ = ["Pace"]

_MOST_EACH = 6  # two answers of three lines
_MOST = 30  # a minute's worth
_LEAST = 0.001  # seconds: what rounding leaves of a wait may be so little that adding it to a time changes nothing
_OURS = ""  # whose turn it is for what `more` has; no host is called that


class Pace:
    """Hands lines to `send`. `more` is asked for lines of our own when it is their turn, and returns none or a few."""

    def __init__(
        self,
        clock: IReactorTime,
        send: Callable[[str], None],
        more: Callable[[], Sequence[str]] = tuple,
        burst: int = 5,
        seconds: float = 2.0,
    ) -> None:
        self._clock = clock
        self._send = send
        self._more = more
        self._burst = self._tokens = float(burst)
        self._seconds = seconds
        self._at = clock.seconds()
        self._first: deque[str] = deque()
        self._turns: OrderedDict[str, deque[str]] = OrderedDict()
        self._call: IDelayedCall | None = None
        self._stopped = False

    def soon(self, line: str) -> None:
        """Send a command of our own before what waits."""
        self._first.append(line)
        self._go_on()

    def say(self, lines: Sequence[str], whose: str) -> bool:
        """Send lines on behalf of somebody; False where too many wait already, and then none of them is sent."""
        if not lines:
            return True
        waiting = self._turns.get(whose, ())
        if len(waiting) + len(lines) > _MOST_EACH or sum(map(len, self._turns.values())) + len(lines) > _MOST:
            return False
        self._turns.setdefault(whose, deque()).extend(lines)
        self._go_on()
        return True

    def wake(self) -> None:
        """There is something to ask `more` for."""
        self._go_on()

    def stop(self) -> None:
        """Send nothing more."""
        self._stopped = True
        self._first.clear()
        self._turns.clear()
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _go_on(self) -> None:
        if self._call is None and not self._stopped:
            self._flow()

    def _flow(self) -> None:
        self._call = None
        now = self._clock.seconds()
        self._tokens = min(self._burst, self._tokens + (now - self._at) / self._seconds)
        self._at = now
        while self._tokens >= 1.0 and (line := self._next()) is not None:
            self._tokens -= 1.0
            self._send(line)
        if self._tokens < 1.0 and not self._stopped:
            wait = max((1.0 - self._tokens) * self._seconds, _LEAST)
            self._call = self._clock.callLater(wait, self._flow)

    def _next(self) -> str | None:
        if self._first:
            return self._first.popleft()
        if _OURS not in self._turns and (lines := self._more()):
            self._turns[_OURS] = deque(lines)
        if not self._turns:
            return None
        whose, waiting = self._turns.popitem(last=False)
        line = waiting.popleft()
        if waiting:
            self._turns[whose] = waiting
        return line
