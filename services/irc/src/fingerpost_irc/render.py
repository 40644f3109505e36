"""What the bot says of people, as single lines of text without a control character."""

from __future__ import annotations

from fingerpost.model import Record
from fingerpost.phrases import echoed, said
from fingerpost.text import without_controls

__all__ = ["news_of", "one_of", "status_of"]


def status_of(record: Record) -> str:
    """The answer to a question about somebody."""
    words = "" if record.status is None else said(record.status)
    return without_controls(f"Status of {record.login}: {words or 'No status.'}")


def news_of(record: Record) -> str:
    """The announcement of a status somebody has set; "" where there is none."""
    return "" if record.status is None else without_controls(f"New status of {record.login}: {said(record.status)}")


def one_of(name: str, logins: list[str], more: bool) -> str:
    """The answer to a name that several people have."""
    return without_controls(f"{echoed(name)} may be any of: {', '.join(logins)}{' and others' if more else ''}")
