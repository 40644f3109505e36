"""What the store and its administrator say to each other of accounts: tokens, scopes, and people as rows."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime

from attrs import field, frozen

from fingerpost.codec import parsed
from fingerpost.errors import NotAccepted
from fingerpost.model import Audience, Availability, Link
from fingerpost.ops.structure import Wrong, structure

__all__ = ["Row", "RowStatus", "Scope", "Token", "rows_from_bytes", "scopes_of"]


class Scope(enum.StrEnum):
    """What a token is good for."""

    STATUS = "status:set"  # set and clear the person's status
    PROFILE = "profile:set"  # change the person's profile, and who may see it
    ADMIN = "admin"  # both, for everybody


def scopes_of(text: str) -> frozenset[Scope]:
    """The scopes that a text names, with blanks between them; ValueError where one is none."""
    return frozenset(map(Scope, text.split()))


@frozen
class Token:
    """A token as it may be told of: whoever has the secret itself has it from when it was issued.

    Times are aware datetimes in UTC. `used_at` may lag behind by a minute.
    """

    id: str
    login: str
    scopes: tuple[Scope, ...]
    label: str
    issued_at: datetime
    expires_at: datetime | None = None
    used_at: datetime | None = None
    revoked_at: datetime | None = None


@frozen
class RowStatus:
    """A status in a row. Without `since` it counts as set now; `via` is "import" unless it says otherwise."""

    text: str
    emoji: str = ""
    availability: Availability = Availability.FREE
    since: datetime | None = None
    until: datetime | None = None
    via: str = "import"


@frozen
class Row:
    """A person as imported and exported: one line of JSON Lines. What is "" or absent is left as it is."""

    login: str
    aliases: tuple[str, ...] = ()
    full_name: str = ""
    office: str = ""
    office_phone: str = ""
    home_phone: str = ""
    email: str = ""
    homepage: str = ""
    project: str = ""
    plan: str = ""
    pubkey: str = ""
    links: tuple[Link, ...] = ()
    timezone: str = ""
    status: RowStatus | None = None
    lasting: RowStatus | None = None  # what shows again when `status` expires
    hidden: bool | None = None
    audiences: Mapping[str, Audience] = field(factory=dict)


def rows_from_bytes(data: bytes) -> list[Row | NotAccepted]:
    """The rows of a JSON array, and why something in it is none; raises `NotAccepted` where it is no array."""
    found = parsed(data)
    if not isinstance(found, list):
        raise NotAccepted("rows: this is no array")
    return [_row(item) for item in found]


def _row(item: object) -> Row | NotAccepted:
    try:
        return structure(item, Row)
    except Wrong as wrong:
        path, expected, _ = wrong.found[0]
        return NotAccepted(f"{'.'.join(map(str, path)) or 'row'}: {expected}")
