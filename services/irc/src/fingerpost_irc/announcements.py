"""Which changes of the feed are news, and what waits to be announced of them."""

from __future__ import annotations

from collections import OrderedDict

from fingerpost.disclosure import UNKNOWN
from fingerpost.model import Change, Record
from twisted.internet.interfaces import IReactorTime

from fingerpost_irc.render import news_of

__all__ = ["News"]

_FRESH = 10 * 60.0  # seconds after which a status is no news any more
_MOST = 10  # people whose news wait; of the others only the number is told


class News:
    """Statuses that were just set, each person's latest only.

    A change of the profile, an expiry that brings an older status back, and records that are loaded afresh are no news;
    nor is a status whose words or time are kept back, since an announcement tells both.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._waiting: OrderedDict[str, Record] = OrderedDict()
        self._more = 0
        self._more_at = 0.0
        self._heard: OrderedDict[str, float] = OrderedDict()  # login -> when the status was set that we know of

    def heard(self, change: Change) -> bool:
        """Take a change of the feed in; say whether there is something to announce by it."""
        self._forget()
        record = change.record
        if record is None or record.status is None or not record.status.text or record.status.set_at == UNKNOWN:
            self._waiting.pop(change.login, None)
            return False
        if not self._is_news(record):
            return False
        self._heard[record.login] = record.status.set_at.timestamp()
        self._heard.move_to_end(record.login)
        if record.login in self._waiting or len(self._waiting) < _MOST:
            self._waiting[record.login] = record
        else:
            self._more = self._more + 1 if self._is_recent(self._more_at) else 1
            self._more_at = self._clock.seconds()
        return True

    def next(self) -> str:
        """The next announcement, or "" where there is none."""
        while self._waiting:
            record = self._waiting.popitem(last=False)[1]
            if self._is_fresh(record):
                return news_of(record)
        more, self._more = self._more, 0
        if more and self._is_recent(self._more_at):
            return f"... and {more} more new status{'es' if more > 1 else ''}"
        return ""

    def _is_news(self, record: Record) -> bool:
        known = self._heard.get(record.login)
        return self._is_fresh(record) and (known is None or _set_at(record) > known)

    def _is_fresh(self, record: Record) -> bool:
        return self._is_recent(_set_at(record))

    def _is_recent(self, moment: float) -> bool:
        return self._clock.seconds() - moment <= _FRESH

    def _forget(self) -> None:
        """Drop what has waited too long, and what was heard so long ago that anything older is no news in any case."""
        for login in [login for login, record in self._waiting.items() if not self._is_fresh(record)]:
            del self._waiting[login]
        while self._heard:
            login, set_at = next(iter(self._heard.items()))
            if self._is_recent(set_at):
                return
            del self._heard[login]


def _set_at(record: Record) -> float:
    return 0.0 if record.status is None else record.status.set_at.timestamp()
