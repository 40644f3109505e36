"""How every frontend puts a status and a time into words."""

from __future__ import annotations

from datetime import UTC, datetime

from fingerpost.model import Availability, Status

__all__ = ["clock_time", "said"]


def said(status: Status) -> str:
    """What somebody says: the emoji, the text, and whether they can be reached, as far as that is worth a word."""
    parts = [status.emoji, status.text]
    if status.availability is not Availability.FREE:
        parts.append(f"({status.availability})")
    return " ".join(part for part in parts if part)


def clock_time(moment: datetime) -> str:
    """A moment in full, such as `Sat 21 Nov 2026 02:35 UTC`."""
    return f"{moment.astimezone(UTC):%a %d %b %Y %H:%M} UTC"
