"""A record as a client gets it: a dict of texts, with the keys that the configuration shows and no others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from attrs import asdict
from fingerpost.model import Record, Status

from fingerpost_pb.disclosure import Disclosure

__all__ = ["as_dict"]

_OF_PERSON = ("office", "office_phone", "home_phone", "email", "homepage", "timezone", "project", "plan", "pubkey")


def as_dict(record: Record, disclosure: Disclosure, history: Sequence[Status] | None) -> dict[str, Any]:
    """What may be shown of a record; texts are "" where nothing is known, times ISO 8601.

    `history` is None where it is not to be had now.
    """
    person = record.person
    shown: dict[str, Any] = {"login": person.login, "name": person.name}
    shown |= _status(record.status, disclosure)
    shown |= {name: getattr(person, name) for name in _OF_PERSON if disclosure.shows(name)}
    if disclosure.shows("links"):
        shown["links"] = [asdict(link) for link in person.links]
    if disclosure.shows("status", "history"):
        shown["history"] = None if history is None else [_status(status, disclosure) for status in history]
    return shown


def _status(status: Status | None, disclosure: Disclosure) -> dict[str, str]:
    shown = {}
    if disclosure.shows("status"):
        shown["status"] = "" if status is None else status.text
        shown["emoji"] = "" if status is None else status.emoji
        shown["availability"] = "" if status is None else str(status.availability)
        shown["expires"] = "" if status is None else _moment(status.expires_at)
    if disclosure.shows("since"):
        shown["since"] = "" if status is None else _moment(status.set_at)
    if disclosure.shows("via"):
        shown["via"] = "" if status is None else status.via
    return shown


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat()
