"""What a file holds, one by one: a row of it, or why there is none."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator, Sequence
from typing import IO

from attrs import frozen

__all__ = ["LONGEST", "Item", "Place", "RawLine", "Unreadable", "item_of", "raw_lines", "text_of"]

LONGEST = 256 * 1024  # bytes of a line: more than any row can have
_SHOWN = 1000  # characters of a line that is too long


class Unreadable(Exception):
    """One line, or one record, is not what the form wants."""


@frozen
class Place:
    """How far a file was read: so many lines, and bytes."""

    line: int = 0
    offset: int = 0


@frozen
class RawLine:
    """A line with its end; only the beginning of one that is too long. `end` is the place behind it."""

    data: bytes
    end: Place
    too_long: bool = False


@frozen
class Item:
    """A row as JSON, or the reason why there is none; its first line, the place behind it, and how it stood there.

    `end.line` is its last line.
    """

    line: int
    end: Place
    raw: str
    row: bytes | None = None
    reason: str = ""


def raw_lines(file: IO[bytes], start: Place) -> Iterator[RawLine]:
    """The lines of a file behind a place."""
    place = start
    while data := file.readline(LONGEST):
        size = len(data)
        too_long = size == LONGEST and not data.endswith(b"\n")
        rest = data
        while len(rest) == LONGEST and not rest.endswith(b"\n"):
            rest = file.readline(LONGEST)
            size += len(rest)
        if not place.offset:
            data = data.removeprefix(codecs.BOM_UTF8)
        place = Place(place.line + 1, place.offset + size)
        yield RawLine(data, place, too_long)


def item_of(lines: Sequence[RawLine], parse: Callable[[str], bytes]) -> Item:
    """The row that some lines are; where they are none, their first line is refused alone."""
    first, last = lines[0], lines[-1]
    try:
        if last.too_long:
            raise Unreadable(f"this is longer than {LONGEST // 1024} KiB")
        row = parse(text_of(b"".join(line.data for line in lines)))
    except Unreadable as error:
        raw = _shown([first])
        return Item(first.end.line, first.end, raw[:_SHOWN] if first.too_long else raw, None, str(error))
    return Item(first.end.line, last.end, _shown(lines), row)


def _shown(lines: Sequence[RawLine]) -> str:
    return b"".join(line.data for line in lines).decode("utf-8", "replace").rstrip("\r\n")


def text_of(data: bytes) -> str:
    """The text of some lines, without the end of the last."""
    try:
        return data.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise Unreadable("this is not UTF-8") from None
