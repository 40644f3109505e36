"""Records in memory, found by login, alias, words of the name, and by who set a status last."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from datetime import datetime

from attrs import frozen

from fingerpost.disclosure import UNKNOWN
from fingerpost.errors import NotAccepted
from fingerpost.interfaces import Page
from fingerpost.model import Change, Record
from fingerpost.names import fold, terms, words

__all__ = ["Cursor", "Directory"]


@frozen(order=True)
class Cursor:
    """A place in the list of latest statuses: after this one, older ones follow."""

    set_at: datetime
    login: str

    def __str__(self) -> str:
        return f"{self.set_at.isoformat()}/{self.login}"

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """The cursor that `str` wrote; ValueError if it is none."""
        moment, _, login = text.partition("/")
        set_at = datetime.fromisoformat(moment)
        if set_at.tzinfo is None:
            raise ValueError("the time lacks a time zone")
        return cls(set_at, login)

    @classmethod
    def at(cls, record: Record) -> Cursor | None:
        """Where a record stands in the list, if it has a status.

        At the end of it, where not everybody may know the time: the neighbours would tell that.
        """
        if record.status is None:
            return None
        return cls(UNKNOWN if "since" in record.local else record.status.set_at, record.login)


class Directory:
    """The newest record of each login."""

    def __init__(self, changes: Iterable[Change] = ()) -> None:
        self._newest: dict[str, Change] = {}
        self._logins: dict[str, tuple[str, ...]] = {}  # term -> logins, sorted
        self._latest: dict[str, Cursor] = {}
        self._order: list[Cursor] | None = None  # the same, the newest last, once somebody has asked for it
        self._names: list[str] | None = None
        for change in changes:
            self.apply(change)

    def __len__(self) -> int:
        return len(self._newest)

    def __contains__(self, login: object) -> bool:
        return login in self._newest

    def __iter__(self) -> Iterator[Change]:
        return iter(self._newest.values())

    def apply(self, change: Change) -> bool:
        """Take a change in, unless what is here is as new; say whether it was taken."""
        old = self._newest.get(change.login)
        if old is not None and old.revision >= change.revision:
            return False
        if change.record is None:
            self.discard(change.login)
            return True
        if old is None or old.record is None or old.record.person != change.record.person:
            self.discard(change.login)
            self._index(change.record)
        self._newest[change.login] = change
        self._place(change.record)
        return True

    def discard(self, login: str) -> None:
        """Forget a login."""
        old = self._newest.pop(login, None)
        if old is None or old.record is None:
            return
        self._names = None
        self._reorder(self._latest.pop(login, None), None)
        for term in terms(old.record.person):
            rest = tuple(other for other in self._logins[term] if other != login)
            if rest:
                self._logins[term] = rest
            else:
                del self._logins[term]

    def change(self, login: str) -> Change | None:
        """The newest change of exactly this login."""
        return self._newest.get(login)

    def get(self, name: str) -> Record | None:
        """The record of a login, or of the one person who has this alias."""
        known = self._newest.get(name)
        if known is not None:
            return known.record
        owners = [record for record in self._with(fold(name)) if fold(name) in map(fold, record.person.aliases)]
        return owners[0] if len(owners) == 1 else None

    def find(self, text: str, limit: int) -> list[Record]:
        """At most `limit` people who match every word of `text`, by login."""
        wanted = words(text)
        if not wanted:
            return []
        fewest = min((self._logins.get(word, ()) for word in wanted), key=len)
        found = [login for login in fewest if all(login in self._logins.get(word, ()) for word in wanted)]
        if not found:
            return self._with(fold(text))[:limit]
        return [record for login in found[:limit] if (record := self._newest[login].record) is not None]

    def by_name(self, after: str, limit: int) -> list[Change]:
        """At most `limit` changes of logins that sort behind `after`."""
        if self._names is None:
            self._names = sorted(self._newest)
        start = bisect_right(self._names, after)
        return [self._newest[login] for login in self._names[start : start + limit]]

    def latest(self, before: Cursor | None, limit: int) -> list[Record]:
        """At most `limit` people whose status was set before the cursor, the latest first."""
        if self._order is None:
            self._order = sorted(self._latest.values())
        end = len(self._order) if before is None else bisect_left(self._order, before)
        found = reversed(self._order[max(0, end - limit) : end])
        return [record for cursor in found if (record := self._newest[cursor.login].record) is not None]

    def latest_page(self, after: str, limit: int) -> Page:
        """The same as a page, behind the cursor that the page before named; raises `NotAccepted` for any other text."""
        try:
            before = Cursor.parse(after) if after else None
        except ValueError:
            raise NotAccepted("after: this is not a cursor that a list returned") from None
        found = self.latest(before, limit + 1)
        page = found[:limit]
        return Page(page, str(Cursor.at(page[-1])) if len(found) > limit else "")

    def _with(self, term: str) -> list[Record]:
        found = (self._newest[login].record for login in self._logins.get(term, ()))
        return [record for record in found if record is not None]

    def _index(self, record: Record) -> None:
        self._names = None
        for term in terms(record.person):
            self._logins[term] = tuple(sorted({*self._logins.get(term, ()), record.login}))

    def _place(self, record: Record) -> None:
        before, cursor = self._latest.pop(record.login, None), Cursor.at(record)
        if cursor is not None:
            self._latest[record.login] = cursor
        self._reorder(before, cursor)

    def _reorder(self, before: Cursor | None, now: Cursor | None) -> None:
        if self._order is not None and before != now:
            if before is not None:
                del self._order[bisect_left(self._order, before)]
            if now is not None:
                insort(self._order, now)
