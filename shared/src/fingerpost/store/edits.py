"""The changes that can be made to a dossier: pure values, applied inside the engine's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from attrs import evolve, field, frozen

from fingerpost.errors import NoSuchUser, NotAccepted
from fingerpost.model import Audience, Person, Status
from fingerpost.store.dossier import Dossier, Entry
from fingerpost.text import check_person

__all__ = [
    "Added",
    "Edit",
    "Imported",
    "Looked",
    "ProfileUpdated",
    "Removed",
    "SourceSaid",
    "StatusCleared",
    "StatusExpired",
    "StatusSet",
    "VisibilitySet",
]


@frozen
class Edit:
    """A change to what the store knows of one login.

    One that `forgets` takes the history with it. After one that `narrows`, others may see less, and so not what the
    change log says of before.
    """

    forgets: ClassVar[bool] = False
    narrows: ClassVar[bool] = False

    def apply(self, before: Dossier) -> Dossier:
        """The dossier after the change; raises a `FingerpostError` where it can't be made."""
        raise NotImplementedError


@frozen
class StatusSet(Edit):
    """Somebody set a status; somebody unknown becomes known by it."""

    status: Status

    def apply(self, before: Dossier) -> Dossier:
        """See `Edit`."""
        known = before if before.known else evolve(before, own=Person(before.login))
        lasting = self.status if self.status.expires_at is None else _unexpired(before.lasting, self.status.set_at)
        return evolve(known, status=self.status, lasting=lasting, said_at=self.status.set_at)


@frozen
class StatusCleared(Edit):
    """Somebody took their status away."""

    at: datetime

    def apply(self, before: Dossier) -> Dossier:
        """See `Edit`."""
        if not before.known:
            raise NoSuchUser
        return evolve(before, status=None, lasting=None, said_at=self.at)


@frozen
class StatusExpired(Edit):
    """A status reached the end of its time: the last lasting one shows again."""

    at: datetime

    def apply(self, before: Dossier) -> Dossier:
        """See `Edit`."""
        return evolve(before, status=_unexpired(before.status, self.at) or before.lasting)


@frozen
class ProfileUpdated(Edit):
    """Somebody changed fields of their profile."""

    fields: Mapping[str, Any] = field(hash=False)

    def apply(self, before: Dossier) -> Dossier:
        """See `Edit`."""
        own = before.own or Person(before.login)
        return evolve(before, own=check_person(evolve(own, **self.fields)))


@frozen
class VisibilitySet(Edit):
    """Somebody said who may see what; an audience of None is the site's, `hidden` None leaves it as it is."""

    narrows: ClassVar[bool] = True
    hidden: bool | None
    audiences: Mapping[str, Audience | None] = field(hash=False)

    def apply(self, before: Dossier) -> Dossier:
        """See `Edit`."""
        if not before.known:
            raise NoSuchUser
        return evolve(before, visibility=before.visibility.changed(self.hidden, self.audiences))


@frozen
class Looked(Edit):
    """Nothing has changed but what the site discloses."""

    narrows: ClassVar[bool] = True

    def apply(self, before: Dossier) -> Dossier:
        """See `Edit`."""
        return before


@frozen
class Added(Edit):
    """The administrator made somebody known."""

    fields: Mapping[str, Any] = field(hash=False)

    def apply(self, before: Dossier) -> Dossier:
        """See `Edit`."""
        if before.own is not None:
            raise NotAccepted(f"login: there is a user '{before.login}' already")
        return evolve(before, own=check_person(evolve(Person(before.login), **self.fields)))


@frozen
class Removed(Edit):
    """The administrator had somebody forgotten; who is still known from a source stays known, or hidden, by that."""

    forgets: ClassVar[bool] = True
    narrows: ClassVar[bool] = True

    def apply(self, before: Dossier) -> Dossier:
        """See `Edit`."""
        if not before.known:
            raise NoSuchUser
        entries = tuple(entry for entry in before.entries if not entry.gone)
        if not entries:
            return Dossier(before.login)
        kept = Dossier(before.login, entries=entries, visibility=before.visibility)
        said = next((entry.status for entry in entries if entry.status is not None), None)
        return kept if said is None else evolve(kept, status=said, lasting=said, said_at=said.set_at)


@frozen
class Imported(Edit):
    """What an import says of somebody; a status in it shows if nothing newer was set elsewhere.

    The same words again are not said again.
    """

    narrows: ClassVar[bool] = True
    person: Mapping[str, Any] = field(hash=False)
    status: Status | None
    lasting: Status | None
    hidden: bool | None
    audiences: Mapping[str, Audience] = field(hash=False)

    def apply(self, before: Dossier) -> Dossier:
        """See `Edit`."""
        own = check_person(evolve(before.own or Person(before.login), **self.person))
        after = evolve(before, own=own, visibility=before.visibility.changed(self.hidden, self.audiences))
        status, now = self.status, before.status
        if status is None or (before.said_at is not None and status.set_at < before.said_at):
            return after
        if now is not None and evolve(status, set_at=now.set_at, via=now.via) == now:
            return after
        lasting = status if status.expires_at is None else self.lasting or _unexpired(before.lasting, status.set_at)
        return evolve(after, status=status, lasting=lasting, said_at=status.set_at)


@frozen
class SourceSaid(Edit):
    """A source says something new of a login (or, with no entry, no longer knows it).

    What it says counts as set when it differs from what it said before, and shows if nothing newer was set
    elsewhere: the last word wins, wherever it was spoken. `at` is now, for words that changed though the source dates
    them earlier.
    """

    source: str
    entry: Entry | None
    at: datetime

    def apply(self, before: Dossier) -> Dossier:
        """See `Edit`."""
        old = before.entry(self.source)
        said = old.status if old else None
        entry = self.entry
        if entry is None:
            return _without_word(said, before.with_entry(self.source, None))
        if entry.status and said and evolve(entry.status, set_at=said.set_at) == said:
            entry = evolve(entry, status=said)  # the same words are not said again
        elif entry.status and old and before.said_at and entry.status.set_at <= before.said_at:
            entry = evolve(entry, status=evolve(entry.status, set_at=self.at))
        after = before.with_entry(self.source, entry)
        now = entry.status
        if now is None:
            return _without_word(said, after)
        if now == said or (before.said_at is not None and now.set_at <= before.said_at):
            return after
        return evolve(after, status=now, lasting=now, said_at=now.set_at)


def _unexpired(status: Status | None, at: datetime) -> Status | None:
    """The status, unless its time is over."""
    if status is None or (status.expires_at is not None and status.expires_at <= at):
        return None
    return status


def _without_word(old: Status | None, after: Dossier) -> Dossier:
    """A status that only the source had said goes when the source no longer says it."""
    if old is None or after.status != old:
        return evolve(after, lasting=None if after.lasting == old else after.lasting)
    return evolve(after, status=None, lasting=None, said_at=None)
