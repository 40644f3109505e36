"""The forms of files that can be imported: `name: status` lines, CSV, and JSON Lines, as bytes -> items."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO

from fingerpost.accounts import Row, RowStatus
from fingerpost.codec import dump
from fingerpost.ctl.importing.columns import columns
from fingerpost.ctl.importing.items import Item, Place, RawLine, Unreadable, item_of, raw_lines

__all__ = ["FORMS", "Form", "form_of"]

Form = Callable[[IO[bytes], Place], Iterator[Item]]


def form_of(path: str) -> str:
    """The name of the form of a file: by the ending of its name, else lines."""
    return {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}.get(Path(path).suffix, "users")


def _users(file: IO[bytes], start: Place) -> Iterator[Item]:
    """`name: status`, as in the tutorial's `/etc/users`; blank lines and those that start with # are passed over."""
    for line in _continued(file, start):
        if not line.data.lstrip().startswith(b"#"):
            yield item_of([line], _user)


def _json_lines(file: IO[bytes], start: Place) -> Iterator[Item]:
    """A `Row` to a line, as `user export` writes them."""
    for line in _continued(file, start):
        yield item_of([line], _object)


FORMS: Mapping[str, Form] = {"users": _users, "csv": columns, "jsonl": _json_lines}


def _continued(file: IO[bytes], start: Place) -> Iterator[RawLine]:
    """The lines behind a place that are not blank."""
    if start.offset:
        file.seek(start.offset)
    return (line for line in raw_lines(file, start) if line.data.strip())


def _user(text: str) -> bytes:
    name, colon, status = text.partition(":")
    if not colon:
        raise Unreadable("there is no colon between a name and a status")
    status = status.strip()
    return dump(Row(name.strip(), status=RowStatus(status) if status else None))


def _object(text: str) -> bytes:
    """What is in the object is the store's to judge, but it has to be JSON that can be sent on."""
    try:
        value = json.loads(text, object_pairs_hook=_named_once)
        if not isinstance(value, dict):
            raise Unreadable("this is no JSON object")
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        raise Unreadable("there is half a character in this, such as \\ud800") from None
    except (ValueError, RecursionError):
        raise Unreadable("this is not JSON") from None


def _named_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unreadable("a name stands twice in this object")
    return found
