"""What the bot says of people, as single lines of text without a control character."""

from __future__ import annotations

from fingerpost.model import Availability, Record, Status
from fingerpost.text import without_controls

__all__ = ["echoed", "news_of", "one_of", "status_of"]

_ECHO = 64  # characters of a question that are said back


def status_of(record: Record) -> str:
    """The answer to a question about somebody."""
    said = "No status." if record.status is None else _words(record.status)
    return without_controls(f"Status of {record.login}: {said}")


def news_of(record: Record) -> str:
    """The announcement of a status somebody has set; "" where there is none."""
    return "" if record.status is None else without_controls(f"New status of {record.login}: {_words(record.status)}")


def one_of(name: str, logins: list[str], more: bool) -> str:
    """The answer to a name that several people have."""
    return without_controls(f"{echoed(name)} may be any of: {', '.join(logins)}{' and others' if more else ''}")


def echoed(name: str) -> str:
    """A name as it may be said back to whoever asked: short, and harmless."""
    shown = without_controls(name)
    return shown if len(shown) <= _ECHO else f"{shown[:_ECHO]}..."


def _words(status: Status) -> str:
    parts = [status.emoji, status.text]
    if status.availability is not Availability.FREE:
        parts.append(f"({status.availability})")
    return " ".join(part for part in parts if part)
