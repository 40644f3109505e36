"""What the store daemon asks of its engine, its threads and its sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from attrs import field, frozen
from twisted.internet.defer import Deferred
from zope.interface import Attribute, Interface

from fingerpost.accounts import Token
from fingerpost.codec import frame
from fingerpost.errors import FingerpostError, TemporarilyUnavailable
from fingerpost.model import Status
from fingerpost.store.dossier import Dossier, Entry
from fingerpost.store.edits import Edit

__all__ = [
    "Copied",
    "CopyFailed",
    "EngineFailed",
    "EngineRefused",
    "Framed",
    "IEngine",
    "ISecrets",
    "IStatusSource",
    "IThreads",
    "Outcome",
    "SourceFailed",
    "Write",
]

T = TypeVar("T")


class CopyFailed(FingerpostError):
    """A copy of the database could not be made or taken back."""


class EngineFailed(TemporarilyUnavailable):
    """The status store can't read its database."""


class EngineRefused(FingerpostError):
    """The status store cannot be opened."""


class SourceFailed(FingerpostError):
    """A source of statuses could not be read; what it said last stays."""


@frozen
class Framed:
    """A `Change` whose record is still JSON bytes (None: removed): most of them only pass through the store.

    `alone` says that the change log tells nothing older of the login any more, because others may no longer see that.
    """

    revision: int
    login: str
    record: bytes | None
    alone: bool = field(default=False, eq=False)

    def __len__(self) -> int:
        """The most bytes that the frame takes."""
        return len(self.record or b"") + 100

    def __bytes__(self) -> bytes:
        return frame(self.revision, self.login, self.record)


@frozen
class Copied:
    """What a backup holds: the numbering, how far it goes, and how many bytes that takes."""

    epoch: str
    revision: int
    bytes: int


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
    site = Attribute("What the site discloses: by it, records become what frontends are shown (disclosure.Site)")
    secrets = Attribute("Passwords and tokens (ISecrets)")

    def write(batch: Sequence[Write], at: datetime) -> tuple[list[Outcome], list[Framed]]:
        """Make all edits in one durable commit: the outcome of each, and the new revisions in order.

        An outcome has the whole record, for whoever changed it; a revision has what frontends are shown. An edit that
        raises spoils no other; one that changes nothing of what is shown gets no revision.
        """

    def dossier(login: str) -> Dossier:
        """All that is known of a login; an empty one where nothing is."""

    def dossiers(after: str, limit: int) -> list[Dossier]:
        """At most `limit` dossiers of people who are known, hidden or not, whose logins sort behind `after`."""

    def recall(name: str) -> str:
        """What was last remembered under a name; "" if nothing was."""

    def remember(name: str, value: str) -> None:
        """Keep a value durably."""

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
        """Forget all but the newest `keep` entries of the change log, and of the operations; how many of those went."""

    def backup(file: int) -> Copied:
        """Write a copy of everything, as of one moment, into an open file.

        Raises `NotAccepted` where nothing is kept that a copy could be made of, and `CopyFailed`. Any thread may call.
        """

    def receive(file: int) -> Path:
        """Look at a copy that `backup` made, in an open file, and keep it until `restore`.

        Raises `NotAccepted` for what is none, and `CopyFailed`. Any thread may call.
        """

    def restore(copy: Path) -> None:
        """Take the place of everything with what was received, under another epoch; raises `CopyFailed`."""

    def close() -> None:
        """Let go of files and connections."""


class ISecrets(Interface):
    """What proves who somebody is: hashes only, so that a stolen copy is of no use. Blocking, like the engine."""

    def password(login: str) -> str:
        """The hash of a password; "" where there is none."""

    def set_password(login: str, hashed: str) -> None:
        """Keep the hash of a new password; "" takes it away."""

    def token(digest: bytes) -> Token | None:
        """The token that has this digest."""

    def tokens(login: str, after: str, limit: int) -> list[Token]:
        """At most `limit` tokens of a login ("": of everybody) whose ids sort behind `after`."""

    def issue(token: Token, digest: bytes) -> None:
        """Keep a new token."""

    def revoke(id: str, at: datetime) -> Token | None:
        """Make a token worthless from now on; None where there is none of that id."""

    def used(id: str, at: datetime) -> None:
        """A token was used."""

    def forget(login: str) -> None:
        """Take away all that a login can be proved by."""


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
