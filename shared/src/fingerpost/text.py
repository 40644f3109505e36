"""What text is allowed: the one place that decides, for everything people and sources hand in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import evolve, fields_dict, frozen

from fingerpost.codec import dump
from fingerpost.errors import NotAccepted
from fingerpost.model import Link, Person, Status

__all__ = [
    "LIMITS",
    "RESERVED",
    "Limit",
    "check_line",
    "check_login",
    "check_person",
    "check_status",
    "utc",
    "without_controls",
]

# Names that frontends use for themselves: web paths, an XML-RPC endpoint, what browsers and robots ask for.
RESERVED = frozenset(
    {"rpc2", "api", "static", "feed", "metrics", "favicon.ico", "robots.txt", "sitemap.xml", "nobody", "everyone"}
)

_LOGIN = re.compile(r"[a-z_][a-z0-9_.-]{0,31}")
# C0, DEL and C1; line and paragraph separators; Unicode's Bidi_Control characters, which make text
# read as something other than it is; surrogates and non-characters, which XML cannot carry.
_CONTROLS = (
    "\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029"
    "\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069"
    "\\ud800-\\udfff\\ufdd0-\\ufdef\\ufffe\\uffff"
    + "".join(f"\\U{plane:04x}fffe\\U{plane:04x}ffff" for plane in range(1, 17))
)
_CONTROL = re.compile(f"[{_CONTROLS}]")
_BLOCK_CONTROL = re.compile(f"(?![\\n\\t])[{_CONTROLS}]")


@frozen
class Limit:
    """How long a text may be, in characters after NFC; `block` text may hold newlines and tabs."""

    characters: int
    block: bool = False


LIMITS: Mapping[str, Limit] = MappingProxyType(
    {
        "status": Limit(280),
        "emoji": Limit(16),
        "via": Limit(32),
        "alias": Limit(64),
        "full_name": Limit(100),
        "office": Limit(100),
        "office_phone": Limit(40),
        "home_phone": Limit(40),
        "email": Limit(254),
        "homepage": Limit(500),
        "project": Limit(200),
        "plan": Limit(4000, block=True),
        "pubkey": Limit(8000, block=True),
        "timezone": Limit(64),
        "rel": Limit(200),
        "href": Limit(500),
        "type": Limit(100),
        "source": Limit(64),
        "label": Limit(100),
    }
)
_MOST_ALIASES = 16
_MOST_LINKS = 16
_MOST_BYTES = 40 * 1024  # of a whole person as it travels: a page must hold any record


def check_login(name: str) -> str:
    """Return the login that `name` spells, in lower case, or raise `NotAccepted` saying why not."""
    login = name.strip().lower()
    if not _LOGIN.fullmatch(login):
        raise NotAccepted(
            "login: a name is 1 to 32 of the letters a-z, digits, '_', '.' and '-', and starts with a letter or '_'"
        )
    if login in RESERVED:
        raise NotAccepted(f"login: the name '{login}' is reserved")
    return login


def check_line(field: str, value: str) -> str:
    """Return `value` as the store keeps it (NFC, trimmed), or raise `NotAccepted` naming the field."""
    limit = LIMITS[field]
    text = unicodedata.normalize("NFC", value)
    text = text.replace("\r\n", "\n").rstrip() if limit.block else text.strip(" ")
    found = (_BLOCK_CONTROL if limit.block else _CONTROL).search(text)
    if found:
        raise NotAccepted(
            f"{field}: the character U+{ord(found[0]):04X} at position {found.start() + 1} is not allowed"
        )
    if len(text) > limit.characters:
        raise NotAccepted(f"{field}: {len(text)} characters are too many; at most {limit.characters} fit")
    return text


def check_status(status: Status) -> Status:
    """Return the status as the store keeps it; an expiry that has passed is refused too."""
    if status.expires_at is not None and status.expires_at <= status.set_at:
        raise NotAccepted("expires: that time has already passed")
    text = check_line("status", status.text)
    if not text:
        raise NotAccepted("status: the text is empty; clear the status instead")
    return evolve(
        status,
        text=text,
        emoji=check_line("emoji", status.emoji),
        via=check_line("via", status.via),
        set_at=utc("set_at", status.set_at),
        expires_at=None if status.expires_at is None else utc("expires", status.expires_at),
    )


def check_person(person: Person) -> Person:
    """Return the person as the store keeps them, or raise `NotAccepted` naming the field and the reason."""
    lines = {name: check_line(name, getattr(person, name)) for name in fields_dict(Person) if name in LIMITS}
    if len(person.aliases) > _MOST_ALIASES:
        raise NotAccepted(f"aliases: at most {_MOST_ALIASES} fit")
    if len(person.links) > _MOST_LINKS:
        raise NotAccepted(f"links: at most {_MOST_LINKS} fit")
    if lines["timezone"]:
        _check_timezone(lines["timezone"])
    if lines["homepage"]:
        _check_url("homepage", lines["homepage"])
    checked = evolve(
        person,
        login=check_login(person.login),
        aliases=tuple(check_line("alias", alias).lower() for alias in person.aliases if alias.strip()),
        links=tuple(_check_link(link) for link in person.links),
        **lines,
    )
    if len(dump(checked)) > _MOST_BYTES:
        raise NotAccepted(f"plan, pubkey and links: together they are larger than {_MOST_BYTES // 1024} KiB")
    return checked


def without_controls(text: str, *, block: bool = False) -> str:
    """Return `text` with what is not allowed shown as U+FFFD: for relaying what the store did not check."""
    return (_BLOCK_CONTROL if block else _CONTROL).sub("\ufffd", text)


def _check_link(link: Link) -> Link:
    _check_url("href", link.href)
    return Link(rel=check_line("rel", link.rel), href=check_line("href", link.href), type=check_line("type", link.type))


def _check_url(field: str, url: str) -> None:
    """A scheme that runs code where it is shown (javascript:, data:) must not get into a page."""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https", "mailto", "gemini", "gopher", "finger", "acct", "xmpp", "irc", "ircs"}:
        raise NotAccepted(f"{field}: '{url}' is not a full address such as https://example.org/")


def _check_timezone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise NotAccepted(f"timezone: '{name}' is not a time zone such as Europe/Berlin") from None


def utc(field: str, moment: datetime) -> datetime:
    """Return a moment in UTC, or raise `NotAccepted` naming the field where nobody knows which moment it is."""
    if moment.tzinfo is None:
        raise NotAccepted(f"{field}: the time lacks a time zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise NotAccepted(f"{field}: no calendar reaches to that time") from None
