"""What a frontend asks of the status store, whichever way it reaches it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from attrs import field, frozen
from zope.interface import Attribute, Interface

from fingerpost.explanation import Explanation
from fingerpost.model import Audience, Availability, Change, Record, Status

__all__ = ["IStatusSetter", "IStatuses", "NewStatus", "Page", "Proof"]


@frozen
class Page:
    """Some records, and the cursor behind which the next ones are ("" where there are none)."""

    records: Sequence[Record]
    next: str = ""


@frozen
class Proof:
    """Why the store should act for a name.

    `kind` is "peer" (the asker vouches that `secret` is the login it acts for), "token" (the `secret` is `fp_...`), or
    "password" (the `secret` is a login, a colon and the password).
    """

    kind: str
    secret: str = field(repr=False)

    def __str__(self) -> str:
        return f"{self.kind}:{self.secret}"

    @classmethod
    def parse(cls, text: str) -> Proof:
        """The proof that `str` wrote."""
        kind, _, secret = text.partition(":")
        return cls(kind, secret)


@frozen
class NewStatus:
    """A status to be set: like `Status`, before the store has said when it was set."""

    text: str
    via: str
    emoji: str = ""
    availability: Availability = Availability.FREE
    expires_at: datetime | None = None


class IStatuses(Interface):
    """Reads people and their statuses.

    Every method raises `TemporarilyUnavailable` where it can't be answered now.
    """

    stale = Attribute("True while what is answered may be older than what the store holds (bool)")
    site = Attribute("What the site discloses to whom (disclosure.Site)")

    async def get(name: str) -> Record:
        """The record of a login or of an unambiguous alias, in any case; raises `NoSuchUser`."""

    async def find(text: str, limit: int) -> list[Record]:
        """At most `limit` people whose login, alias or words of the real name match, by login."""

    async def latest(after: str, limit: int) -> Page:
        """At most `limit` people who have a status, the latest first; "" starts, `Page.next` goes on."""

    async def history(name: str, before: datetime | None, limit: int) -> list[Status]:
        """At most `limit` statuses set before a moment, the latest first; raises `NoSuchUser`."""

    def watch(heard: Callable[[Change], None]) -> Callable[[], None]:
        """Have `heard` called with each change from now on, in order; call what is returned to stop."""


class IStatusSetter(Interface):
    """Changes people and their statuses.

    A change is durable once it is answered. Every method raises `NotAllowed` where the proof is not for the
    name, `NotAccepted` where a text is not allowed, and `TemporarilyUnavailable` where nothing was changed. The same
    `op_id` a second time gets the same answer and changes nothing.
    """

    async def set_status(name: str, status: NewStatus, proof: Proof, op_id: str = "") -> Record:
        """Set a person's status and return their record; somebody unknown becomes known by it."""

    async def clear_status(name: str, proof: Proof, op_id: str = "") -> Record:
        """Take a person's status away and return their record; raises `NoSuchUser`."""

    async def update_profile(name: str, fields: Mapping[str, object], proof: Proof, op_id: str = "") -> Record:
        """Change fields of a `Person` (not login or source) and return the record."""

    async def set_visibility(
        name: str, hidden: bool | None, audiences: Mapping[str, Audience | None], proof: Proof, op_id: str = ""
    ) -> Record:
        """Hide a person or show them again, and say who may see which field (None: whoever the site says).

        What is left out (`hidden` None) stays as it is. Raises `NoSuchUser`.
        """

    async def explain(name: str, asker: Audience, proof: Proof) -> Explanation:
        """What an asker is shown of a person, for that person; raises `NoSuchUser`."""

    async def verify(proof: Proof) -> str:
        """The login that a proof is good for."""
