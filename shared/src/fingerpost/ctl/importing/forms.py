"""The forms of files that can be imported: `name: status` lines, CSV, and JSON Lines, as bytes -> items."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from attrs import fields_dict

from fingerpost.accounts import Row, RowStatus
from fingerpost.codec import dump
from fingerpost.ctl.importing.items import LONGEST, Item, Place, RawLine, raw_lines
from fingerpost.errors import NotAccepted
from fingerpost.model import Person

__all__ = ["FORMS", "Form", "form_of"]

_TEXTS = frozenset(fields_dict(Person)) - {"aliases", "links", "source"}
_COLUMNS = (*(name for name in fields_dict(Row) if name in _TEXTS), "aliases", "status", "hidden")
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False, "": None}


class Unreadable(Exception):
    """One line, or one record, is not what the form wants."""


Form = Callable[[IO[bytes], Place], Iterator[Item]]


def form_of(path: str) -> str:
    """The name of the form of a file: by the ending of its name, else lines."""
    return {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}.get(Path(path).suffix, "users")


def _users(file: IO[bytes], start: Place) -> Iterator[Item]:
    """`name: status`, as in the tutorial's `/etc/users`; blank lines and those that start with # are passed over."""
    for line in _continued(file, start):
        if not line.data.lstrip().startswith(b"#"):
            yield from _item(line, _user)


def _json_lines(file: IO[bytes], start: Place) -> Iterator[Item]:
    """A `Row` to a line, as `user export` writes them."""
    for line in _continued(file, start):
        yield from _item(line, _object)


def _csv(file: IO[bytes], start: Place) -> Iterator[Item]:
    """Comma separated values (RFC 4180) under a heading that names them."""
    records = _records(raw_lines(file, Place()))
    names = _heading(next(records, None))
    if start.offset:
        file.seek(start.offset)
        records = _records(raw_lines(file, start))
    for first, line in records:
        yield from _item(line, lambda text: _of_columns(names, text), first)


FORMS: Mapping[str, Form] = {"users": _users, "csv": _csv, "jsonl": _json_lines}


def _continued(file: IO[bytes], start: Place) -> Iterator[RawLine]:
    if start.offset:
        file.seek(start.offset)
    return raw_lines(file, start)


def _item(line: RawLine, parse: Callable[[str], bytes], first: int | None = None) -> Iterator[Item]:
    raw = line.data.decode("utf-8", "replace").rstrip("\r\n")
    if not raw.strip():
        return
    number = line.end.line if first is None else first
    try:
        if line.too_long:
            raise Unreadable(f"this is longer than {LONGEST // 1024} KiB")
        yield Item(number, line.end, raw, parse(_text(line.data)))
    except Unreadable as error:
        yield Item(number, line.end, raw[:1000] if line.too_long else raw, None, str(error))


def _text(data: bytes) -> str:
    try:
        return data.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise Unreadable("this is not UTF-8") from None


def _user(text: str) -> bytes:
    name, colon, status = text.partition(":")
    if not colon:
        raise Unreadable("there is no colon between a name and a status")
    return dump(Row(name.strip(), status=_status(status.strip())))


def _status(text: str) -> RowStatus | None:
    return RowStatus(text) if text else None


def _object(text: str) -> bytes:
    """What is in the object is the store's to judge."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("this is not JSON") from None
    if not isinstance(value, dict):
        raise Unreadable("this is no JSON object")
    return dump(value)


def _records(lines: Iterator[RawLine]) -> Iterator[tuple[int, RawLine]]:
    """Lines put together as long as a quote is open, with the number of their first line."""
    first, data = 0, b""
    for line in lines:
        first = first or line.end.line
        data += line.data
        too_long = line.too_long or len(data) > LONGEST
        if too_long or data.count(b'"') % 2 == 0:
            yield first, RawLine(data, line.end, too_long)
            first, data = 0, b""
    if data:
        yield first, RawLine(data, line.end)


def _heading(found: tuple[int, RawLine] | None) -> list[str]:
    try:
        names = [name.strip().lower() for name in _cells(_text(found[1].data))] if found else []
    except Unreadable as error:
        raise NotAccepted(f"line 1: {error}") from None
    wrong = [name for name in names if name not in _COLUMNS]
    if wrong:
        raise NotAccepted(f"line 1: '{wrong[0]:.40}' is none of the columns {', '.join(_COLUMNS)}")
    if "login" not in names or len(set(names)) < len(names):
        raise NotAccepted("line 1: there has to be a column login, and none twice")
    return names


def _of_columns(names: list[str], text: str) -> bytes:
    cells = _cells(text)
    if len(cells) != len(names):
        raise Unreadable(f"there are {len(cells)} values for {len(names)} columns")
    given: dict[str, Any] = dict(zip(names, cells, strict=True))
    hidden = given.pop("hidden", "").strip().lower()
    if hidden not in _TRUTH:
        raise Unreadable("hidden: this is neither true nor false")
    aliases, status = tuple(given.pop("aliases", "").split()), _status(given.pop("status", "").strip())
    return dump(Row(aliases=aliases, status=status, hidden=_TRUTH[hidden], **given))


def _cells(text: str) -> list[str]:
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error as error:
        raise Unreadable(f"this is not CSV: {error}") from None
