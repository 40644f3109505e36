"""A record as plain values, for programs."""

from __future__ import annotations

from datetime import UTC, datetime

from fingerpost.disclosure import UNKNOWN
from fingerpost.model import Record

__all__ = ["shown"]

_TEXTS = ("office", "office_phone", "home_phone", "email", "homepage", "timezone", "project", "plan", "pubkey")


def shown(record: Record) -> dict[str, object]:
    """What there is of a record, as texts, and lists and dictionaries of texts.

    Always `login` and `name`; of the others what is known: `status`, `emoji`, `availability`, `since` and `until` (ISO
    8601, UTC), `via`, `links` (a list of `rel`, `href`, `type`), and the texts of the fields of those names.
    """
    who, status = record.person, record.status
    found: dict[str, object] = {"login": who.login, "name": who.name}
    if status is not None and status.text:
        until = "" if status.expires_at is None else _iso(status.expires_at)
        found |= {"status": status.text, "emoji": status.emoji, "availability": str(status.availability)}
        found |= {"until": until}
    if status is not None:
        found |= {"since": "" if status.set_at == UNKNOWN else _iso(status.set_at), "via": status.via}
    found |= {name: getattr(who, name) for name in _TEXTS}
    found["links"] = [{"rel": link.rel, "href": link.href, "type": link.type} for link in who.links]
    return {name: value for name, value in found.items() if value}


def _iso(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
