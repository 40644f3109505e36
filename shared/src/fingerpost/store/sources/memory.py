"""A source that is given in the configuration: `{type: memory, users: {moshez: Happy and well}}`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from zope.interface import implementer

from fingerpost.errors import NotAccepted
from fingerpost.model import Person, Status
from fingerpost.store.dossier import Entry
from fingerpost.store.interfaces import IStatusSource
from fingerpost.text import check_login, check_person, check_status

__all__ = ["MemorySource"]


@implementer(IStatusSource)
class MemorySource:
    """See `IStatusSource`; the statuses count as set when the store was configured."""

    def __init__(self, name: str, rank: int, users: Mapping[str, str], at: datetime) -> None:
        self.name = name
        self._rank = rank
        self._users = users
        self._at = at
        self._unread = True

    def changed(self) -> bool:
        """See `IStatusSource`."""
        return self._unread

    def read(self) -> tuple[Mapping[str, Entry], Sequence[str]]:
        """See `IStatusSource`."""
        self._unread = False
        entries: dict[str, Entry] = {}
        problems: list[str] = []
        for user, text in self._users.items():
            try:
                entry = entry_of(self.name, self._rank, user, text, self._at)
            except NotAccepted as error:
                problems.append(f"user '{user}': {error}")
            else:
                entries[entry.person.login] = entry
        return entries, problems


def entry_of(source: str, rank: int, user: str, text: str, at: datetime) -> Entry:
    """What a source says that gives a name and a status, which may be empty; raises `NotAccepted`."""
    person = check_person(Person(check_login(user)))
    status = check_status(Status(text, at, source)) if text.strip() else None
    return Entry(source, rank, person, status)
