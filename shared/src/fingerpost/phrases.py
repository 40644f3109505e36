"""How every frontend puts a status and a time into words."""

from __future__ import annotations

from datetime import UTC, datetime

from fingerpost.model import Availability, Status
from fingerpost.text import without_controls

__all__ = ["clock_time", "echoed", "said"]

_ECHO = 64  # characters of a question that are said back


def said(status: Status) -> str:
    """What somebody says: the emoji, the text, and whether they can be reached, as far as that is worth a word."""
    parts = [status.emoji, status.text]
    if status.availability is not Availability.FREE:
        parts.append(f"({status.availability})")
    return " ".join(part for part in parts if part)


def clock_time(moment: datetime) -> str:
    """A moment in full, such as `Sat 21 Nov 2026 02:35 UTC`."""
    return f"{moment.astimezone(UTC):%a %d %b %Y %H:%M} UTC"


def echoed(name: str) -> str:
    """A name as it may be said back to whoever asked: short, and harmless."""
    shown = without_controls(name)
    return shown if len(shown) <= _ECHO else f"{shown[:_ECHO]}..."
