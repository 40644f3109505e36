"""The values that every service speaks of: a person, a status, and the record that joins them."""

from __future__ import annotations

import enum
from datetime import datetime

from attrs import field, frozen

__all__ = ["Audience", "Availability", "Change", "Link", "Person", "Record", "Status"]


class Availability(enum.StrEnum):
    """Whether a person can be reached."""

    FREE = "free"
    BUSY = "busy"
    AWAY = "away"
    OFFLINE = "offline"


class Audience(enum.StrEnum):
    """Who may see a field, and as whom somebody asks: each may see what is for those named before it, too."""

    WORLD = "world"  # everybody
    LOCAL = "local"  # who asks from one of the site's networks
    MEMBER = "member"  # who has proved to have a login here
    NOBODY = "nobody"  # only the person, and the administrator

    def includes(self, asker: Audience) -> bool:
        """Whether a field for this audience may be shown to somebody who asks as `asker`."""
        return self is not Audience.NOBODY and _WIDTHS[asker] >= _WIDTHS[self]


_WIDTHS = {audience: width for width, audience in enumerate(Audience)}


@frozen
class Link:
    """A link of a person, as WebFinger shows it (RFC 7033 §4.4.4)."""

    rel: str
    href: str
    type: str = ""


@frozen
class Status:
    """What a person says they are doing.

    `set_at` and `expires_at` are aware datetimes in UTC; `via` names where it was set (finger, web,
    irc, pb, xmlrpc, cli, api, or a source's name).
    """

    text: str
    set_at: datetime
    via: str
    emoji: str = ""
    availability: Availability = Availability.FREE
    expires_at: datetime | None = None


@frozen
class Person:
    """Who somebody is. Every text is "" where it is not known."""

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
    source: str = ""

    @property
    def name(self) -> str:
        """The full name, or the login of somebody who gave none: RFC 1288 §2.5.2 wants one."""
        return self.full_name or self.login


@frozen(cache_hash=True)
class Record:
    """A person with the status they have now, if any.

    `local` names the fields in it that only the audience `local` may be shown (see `disclosure`). What is kept from
    whoever holds the record is not in it: a text is then "", and `set_at` is `disclosure.UNKNOWN`.
    """

    person: Person
    status: Status | None = field(default=None)
    local: tuple[str, ...] = ()

    @property
    def login(self) -> str:
        """The person's login."""
        return self.person.login


@frozen
class Change:
    """A record as it was made by one revision of the store; `record` is None where it was removed."""

    revision: int
    login: str
    record: Record | None
