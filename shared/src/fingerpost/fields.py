"""The fields of a record that a frontend may be told to show or to keep back (RFC 1288 §3.2.3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from fingerpost.disclosure import FIELDS
from fingerpost.model import Record

__all__ = ["FIELDS", "USUAL", "check_shown", "shown"]

USUAL = tuple(name for name in FIELDS if name not in {"home_phone"})
_TEXTS = ("office", "office_phone", "home_phone", "email", "homepage", "timezone", "project", "plan", "pubkey")


def check_shown(owner: object, attribute: object, value: Sequence[str]) -> None:
    """An attrs validator for a `show:` key."""
    wrong = [name for name in value if name not in FIELDS]
    if wrong:
        raise ValueError(f"'{wrong[0]}' is none of the fields {', '.join(FIELDS)}")


def shown(record: Record, show: Sequence[str]) -> dict[str, object]:
    """What may be shown of a record, as plain values for a program: texts, and lists and dictionaries of texts.

    Always `login` and `name`; of the others what is known: `status`, `emoji`, `availability`, `since` and `until` (ISO
    8601, UTC), `via`, `links` (a list of `rel`, `href`, `type`), and the texts of the fields of those names.
    """
    who, status = record.person, record.status
    found: dict[str, object] = {"login": who.login, "name": who.name}
    if status is not None:
        if "status" in show:
            until = "" if status.expires_at is None else _iso(status.expires_at)
            found |= {"status": status.text, "emoji": status.emoji, "availability": str(status.availability)}
            found |= {"until": until}
        if "since" in show:
            found["since"] = _iso(status.set_at)
        if "via" in show:
            found["via"] = status.via
    found |= {name: getattr(who, name) for name in _TEXTS if name in show}
    if "links" in show:
        found["links"] = [{"rel": link.rel, "href": link.href, "type": link.type} for link in who.links]
    return {name: value for name, value in found.items() if value}


def _iso(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
