"""What a file holds, one by one: a row of it, or why there is none."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import IO

from attrs import frozen

__all__ = ["LONGEST", "Item", "Place", "RawLine", "raw_lines"]

LONGEST = 256 * 1024  # bytes of a line: more than any row can have


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
    """A row as JSON, or the reason why there is none; its first line, the place behind it, and how it stood there."""

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
