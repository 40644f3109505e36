"""Fitting text into IRC's lines: 512 bytes with CRLF, and with the prefix that the server adds (RFC 2812 §2.3)."""

from __future__ import annotations

import unicodedata

from fingerpost.text import without_controls

__all__ = ["LEAST_ROOM", "MOST_BYTES", "cut", "fit", "room"]

MOST_BYTES = 510  # of a line, without its CRLF
_MOST_LINES = 3  # of one thing that is said
LEAST_ROOM = 16
_ELLIPSIS = "\u2026"
_CONTINUED = f"{_ELLIPSIS} "
# What a server puts in front of the nick's owner is not known for sure: the longest that servers in use have.
_USER, _HOST = 20, 64
_JOINER = "\u200d"
_MARKS = {"Mn", "Me", "Mc"}


def room(command: str, target: str, nick_length: int) -> int:
    """How many bytes of text fit into a message of ours, as the server passes it on to others."""
    framing = f"{command} {target} :".encode()
    return max(MOST_BYTES - len(":!@ ") - nick_length - _USER - _HOST - len(framing), LEAST_ROOM)


def fit(text: str, size: int, most: int = _MOST_LINES) -> list[str]:
    """The text in at most so many lines of at most so many bytes; an ellipsis stands where it was cut off.

    Every line but the first begins with an ellipsis too: somebody's text at the very beginning of a line could be what
    other bots in the channel take for a command to them.
    """
    rest = without_controls(text).strip()
    lines: list[str] = []
    while rest:
        mark = _CONTINUED if lines else ""
        space = size - _size(mark)
        if len(lines) + 1 == most and _size(rest) > space:
            lines.append(mark + _head(rest, space - _size(_ELLIPSIS)) + _ELLIPSIS)
            break
        head = _head(rest, space)
        lines.append(mark + head)
        rest = rest[len(head) :].lstrip()
    return lines


def cut(text: str, size: int) -> str:
    """As much of the beginning as fits into so many bytes of UTF-8, whole characters only."""
    return text.encode("utf-8", "replace")[:size].decode("utf-8", "ignore")


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _head(text: str, size: int) -> str:
    """The beginning that goes into a line: it ends at a blank near its end, or else between two characters."""
    longest = cut(text, size)
    if len(longest) == len(text):
        return text
    blank = longest.rfind(" ") if text[len(longest)] != " " else len(longest)
    if blank > len(longest) * 2 // 3:
        return longest[:blank].rstrip()
    end = len(longest)
    while end and _belongs(text, end):
        end -= 1
    return longest[: end or len(longest)].rstrip()


def _belongs(text: str, index: int) -> bool:
    """Whether a character is shown as one with the one before: an accent, a skin tone, the joined part of an emoji."""
    character = text[index]
    return (
        unicodedata.category(character) in _MARKS
        or character == _JOINER
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or text[index - 1] == _JOINER
    )
