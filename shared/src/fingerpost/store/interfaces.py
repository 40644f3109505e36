"""What the store daemon asks of its engine, its threads and its sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from attrs import field, frozen
from twisted.internet.defer import Deferred
from zope.interface import Attribute, Interface

from fingerpost.codec import frame
from fingerpost.errors import FingerpostError
from fingerpost.model import Status
from fingerpost.store.dossier import Entry
from fingerpost.store.edits import Edit

__all__ = ["EngineRefused", "Framed", "IEngine", "IStatusSource", "IThreads", "Outcome", "SourceFailed", "Write"]

T = TypeVar("T")


class EngineRefused(FingerpostError):
    """The status store cannot be opened."""


class SourceFailed(FingerpostError):
    """A source of statuses could not be read; what it said last stays."""


@frozen
class Framed:
    """A `Change` whose record is still JSON bytes (None: removed): most of them only pass through the store."""

    revision: int
    login: str
    record: bytes | None

    def __len__(self) -> int:
        """The most bytes that the frame takes."""
        return len(self.record or b"") + 100

    def __bytes__(self) -> bytes:
        return frame(self.revision, self.login, self.record)


@frozen
class Write:
    """One edit of one login; `op_id`, if not "", makes a repetition harmless."""

    login: str
    edit: Edit = field(hash=False)
    op_id: str = ""


# What became of a write: the record as it was made, or why it was not.
Outcome = Framed | FingerpostError


class IEngine(Interface):
    """Keeps dossiers, numbers their changes, and remembers both durably.

    Engines are plain blocking code: one thread at a time calls `write`, `trim` and `close`, another
    one may read meanwhile. Revisions start at 1, are contiguous, and are in commit order.
    """

    epoch = Attribute("Names this numbering of revisions; a restored or new store has another one (str)")
    revision = Attribute("The newest committed revision (int)")

    def write(batch: Sequence[Write], at: datetime) -> tuple[list[Outcome], list[Framed]]:
        """Make all edits in one durable commit: the outcome of each, and the new revisions in order.

        An edit that raises spoils no other; one that changes nothing gets no revision.
        """

    def read(names: Sequence[str]) -> list[Framed | None]:
        """The record of each login or unambiguous alias."""

    def find(text: str, limit: int) -> list[Framed]:
        """At most `limit` people who match every word, by login."""

    def by_name(after: str, limit: int) -> list[Framed]:
        """At most `limit` records of logins that sort behind `after`."""

    def latest(after: str, limit: int) -> list[tuple[Framed, str]]:
        """At most `limit` records with a status, the latest first, each with its cursor."""

    def history(login: str, before: datetime | None, limit: int) -> list[Status]:
        """At most `limit` statuses that were set before a moment, the latest first."""

    def changes(since: int, limit: int) -> list[Framed]:
        """At most `limit` changes behind a revision, in order; raises `Resync` where the log starts later."""

    def said(source: str) -> Mapping[str, Entry]:
        """What a source was last known to say, by login."""

    def sources() -> Sequence[str]:
        """Every source that says something."""

    def expiring(limit: int) -> list[tuple[datetime, str]]:
        """The next statuses to expire: when, and whose."""

    def trim(keep: int) -> int:
        """Forget all but the newest `keep` entries of the change log; how many went."""

    def close() -> None:
        """Let go of files and connections."""


class IThreads(Interface):
    """Where blocking calls are run."""

    def run(call: Callable[..., T], *args: Any) -> Deferred[T]:
        """Run a blocking call and fire with its result."""


class IStatusSource(Interface):
    """Somewhere else that statuses come from."""

    name = Attribute("What the source is called in records and logs (str)")

    def changed() -> bool:
        """Whether `read` may have something new to say since the last `read`. Blocking."""

    def read() -> tuple[Mapping[str, Entry], Sequence[str]]:
        """What it says of each login now, and a sentence for each part it could not understand.

        Blocking. Raises `SourceFailed`.
        """
