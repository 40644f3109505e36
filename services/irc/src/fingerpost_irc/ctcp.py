"""What is replied to the questions clients ask each other (CTCP); whatever is not here is ignored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from fingerpost import __version__
from fingerpost.text import without_controls

from fingerpost_irc.answers import HELP

__all__ = ["reply"]

_MOST_PING = 64  # characters of a ping that are sent back
_PROGRAM = f"Fingerpost IRC bot {__version__}"

_REPLIES: Mapping[str, Callable[[str, float], str]] = MappingProxyType(
    {
        "CLIENTINFO": lambda data, now: " ".join(sorted(_REPLIES)),
        "FINGER": lambda data, now: f"{_PROGRAM}. {HELP}",
        "PING": lambda data, now: without_controls(data[:_MOST_PING]),
        "SOURCE": lambda data, now: f"fingerpost-irc {__version__}, a free program in Python (MIT)",
        "TIME": lambda data, now: f"{datetime.fromtimestamp(now, UTC):%a %d %b %Y %H:%M:%S} UTC",
        "VERSION": lambda data, now: _PROGRAM,
    }
)


def reply(tag: str, data: str, now: float) -> str | None:
    """The text of the NOTICE that replies to a question, None for what is ignored."""
    found = _REPLIES.get(tag.upper())
    return None if found is None else f"\x01{tag.upper()} {found(data, now)}".rstrip() + "\x01"
