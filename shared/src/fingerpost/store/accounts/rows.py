"""People as rows: what is imported into an edit, and what is kept into what is exported."""

from __future__ import annotations

from datetime import datetime

from attrs import fields

from fingerpost.accounts import Row, RowStatus
from fingerpost.disclosure import check_audiences
from fingerpost.model import Person, Status
from fingerpost.store.dossier import Dossier
from fingerpost.store.edits import Imported
from fingerpost.text import check_status, utc

__all__ = ["edit", "row_of"]

_PROFILE = tuple(attribute.name for attribute in fields(Person) if attribute.name not in {"login", "source"})


def edit(row: Row, now: datetime) -> Imported:
    """What importing a row changes; raises `NotAccepted`."""
    lasting = _status(row.lasting, now)
    return Imported(
        {name: value for name in _PROFILE if (value := getattr(row, name))},
        _status(row.status, now) or lasting,  # which shows again when the other's time is over
        lasting,
        row.hidden,
        {name: audience for name, audience in check_audiences(row.audiences).items() if audience is not None},
    )


def _status(row: RowStatus | None, now: datetime) -> Status | None:
    """The status of a row; one whose time is over is none."""
    if row is None or not row.text:
        return None
    since = now if row.since is None else min(utc("since", row.since), now)
    if row.until is not None and utc("until", row.until) <= now:
        return None
    return check_status(Status(row.text, since, row.via, row.emoji, row.availability, row.until))


def row_of(dossier: Dossier) -> Row:
    """Somebody who is known, with everything that is kept but history and secrets."""
    record = dossier.record()
    assert record is not None
    lasting = dossier.lasting if dossier.lasting != dossier.status else None
    return Row(
        dossier.login,
        **{name: getattr(record.person, name) for name in _PROFILE},
        status=_row_status(record.status),
        lasting=_row_status(lasting),
        hidden=dossier.visibility.hidden or None,
        audiences=dossier.visibility.audiences,
    )


def _row_status(status: Status | None) -> RowStatus | None:
    if status is None:
        return None
    return RowStatus(status.text, status.emoji, status.availability, status.set_at, status.expires_at, status.via)
