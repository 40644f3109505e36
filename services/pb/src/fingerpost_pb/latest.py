"""The latest statuses in order, as both ends of a live list keep them; it needs nothing else of Fingerpost."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator

from attrs import frozen

__all__ = ["Entry", "Latest"]


@frozen
class Entry:
    """A status in a live list. `set_at` is ISO 8601 in UTC with microseconds, so that it sorts as text."""

    login: str
    text: str
    emoji: str
    availability: str
    set_at: str

    @property
    def place(self) -> tuple[str, str]:
        """Where it stands in the order: by time, and at the same time by login."""
        return self.set_at, self.login


class Latest:
    """At most `limit` entries, one to a login; whoever is the oldest one too many falls out."""

    def __init__(self, limit: int, entries: Iterable[Entry] = ()) -> None:
        self.limit = limit
        self._entries: dict[str, Entry] = {}
        self._places: list[tuple[str, str]] = []  # the oldest first
        for entry in entries:
            self.put(entry)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, login: object) -> bool:
        return login in self._entries

    def __iter__(self) -> Iterator[Entry]:
        """The entries, the latest first."""
        return (self._entries[login] for _, login in reversed(self._places))

    def get(self, login: str) -> Entry | None:
        """The entry of a login, if it is among the latest."""
        return self._entries.get(login)

    def put(self, entry: Entry) -> Entry | None:
        """Put an entry in its place instead of the login's old one; return the one that fell out, if any."""
        self.remove(entry.login)
        self._entries[entry.login] = entry
        insort(self._places, entry.place)
        if len(self._places) <= self.limit:
            return None
        return self._entries.pop(self._places.pop(0)[1])

    def remove(self, login: str) -> bool:
        """Take a login's entry out; say whether there was one."""
        old = self._entries.pop(login, None)
        if old is None:
            return False
        del self._places[bisect_left(self._places, old.place)]
        return True

    def oldest(self) -> Entry | None:
        """The entry that would fall out next."""
        return self._entries[self._places[0][1]] if self._places else None
