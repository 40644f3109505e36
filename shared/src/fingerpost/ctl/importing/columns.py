"""CSV files (RFC 4180) under a heading, as bytes -> items, where a stray quote takes no other row with it.

A quoted value may go on in the next lines. Where what comes of that is no row, its first line alone is refused, and
reading starts again at the next one: so every line is part of a row, or refused by its number.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import IO, Any

from attrs import fields_dict

from fingerpost.accounts import Row, RowStatus
from fingerpost.codec import dump
from fingerpost.ctl.importing.items import Item, Place, RawLine, Unreadable, item_of, raw_lines, text_of
from fingerpost.errors import NotAccepted
from fingerpost.model import Person
from fingerpost.text import LIMITS, check_line

__all__ = ["columns"]

_TEXTS = frozenset(fields_dict(Person)) - {"aliases", "links", "source"}
_COLUMNS = (*(name for name in fields_dict(Row) if name in _TEXTS), "aliases", "status", "hidden")
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False, "": None}
_LONGEST = 64 * 1024  # bytes of a row: the longest plan and key fit, in any script


def columns(file: IO[bytes], start: Place) -> Iterator[Item]:
    """The rows of a file behind a place; raises `NotAccepted` where the heading is none."""
    lines = raw_lines(file, Place())
    names = _heading(next(lines, None))
    if start.offset:
        file.seek(start.offset)
        lines = raw_lines(file, start)
    ahead: deque[RawLine] = deque()
    while record := _record(lines, ahead):
        if len(record) == 1 and not record[0].data.strip():
            continue
        item = item_of(record, lambda text: _row(names, text))
        if item.row is None:
            ahead.extendleft(reversed(record[1:]))
        yield item


def _record(lines: Iterator[RawLine], ahead: deque[RawLine]) -> Sequence[RawLine]:
    """The next lines that belong together, as the quotes in them have it; first come those that are read already."""
    record: list[RawLine] = []
    size, is_open = 0, False
    while line := ahead.popleft() if ahead else next(lines, None):
        record.append(line)
        size += len(line.data)
        is_open ^= line.data.count(b'"') % 2 == 1
        if not is_open or size > _LONGEST:
            break
    return record


def _heading(line: RawLine | None) -> list[str]:
    try:
        names = [name.strip().lower() for name in _cells(text_of(line.data))] if line else []
    except Unreadable as error:
        raise NotAccepted(f"line 1: {error}") from None
    wrong = [name for name in names if name not in _COLUMNS]
    if wrong:
        raise NotAccepted(f"line 1: '{wrong[0]:.40}' is none of the columns {', '.join(_COLUMNS)}")
    if "login" not in names or len(set(names)) < len(names):
        raise NotAccepted("line 1: there has to be a column login, and none twice")
    return names


def _row(names: list[str], text: str) -> bytes:
    cells = _cells(text)
    if len(cells) != len(names):
        raise Unreadable(f"there are {len(cells)} values for {len(names)} columns")
    given: dict[str, Any] = dict(zip(names, cells, strict=True))
    for name, value in given.items():
        _check_lines(name, value)
    hidden = given.pop("hidden", "").strip().lower()
    if hidden not in _TRUTH:
        raise Unreadable("hidden: this is neither true nor false")
    aliases, status = tuple(given.pop("aliases", "").split()), given.pop("status", "").strip()
    return dump(Row(aliases=aliases, status=RowStatus(status) if status else None, hidden=_TRUTH[hidden], **given))


def _check_lines(name: str, value: str) -> None:
    """Only what the store would take may go on in other lines: else a quote is likely to have been forgotten."""
    if "\n" not in value:
        return
    if name not in LIMITS or not LIMITS[name].block:
        raise Unreadable(f"{name}: this goes on in the next line; is there a quote too many?")
    try:
        check_line(name, value)
    except NotAccepted as error:
        raise Unreadable(str(error)) from None


def _cells(text: str) -> list[str]:
    if len(text) > _LONGEST:
        raise Unreadable(f"this is longer than {_LONGEST // 1024} KiB; is there a quote too many?")
    with suppress(csv.Error):
        if text.count('"') % 2 == 0:
            return next(csv.reader([text], strict=True), [])
    raise Unreadable("this is not CSV: is there a quote too many, or one that is not doubled?")
