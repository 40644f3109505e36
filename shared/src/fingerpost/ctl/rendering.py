"""How results are put: lines and tables for people, objects of JSON for programs, and what is told beside them.

With `--json`, every command prints one JSON object to a line: one line for a result, one for each item of a list.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import IO, Generic, TypeVar

import click

from fingerpost.disclosure import UNKNOWN
from fingerpost.model import Status
from fingerpost.text import without_controls

__all__ = ["Table", "View", "counted", "is_open", "iso", "local", "plain_status", "present", "settle", "warn"]

T = TypeVar("T")
Plain = Mapping[str, object]


class View(Generic[T]):
    """How one command's result is put; one is made for each run."""

    def lines(self, result: T) -> Iterable[str]:
        """For people, on stdout."""
        return ()

    def asides(self, result: T) -> Iterable[str]:
        """For people, on stderr: what is no part of the result."""
        return ()

    def plain(self, result: T) -> Iterable[Plain]:
        """For programs."""
        raise NotImplementedError

    def exit_code(self, result: T) -> int:
        """What the program returns."""
        return 0


def present(view: View[T], result: T, as_json: bool) -> int:
    """Print a result; the exit code."""
    if as_json:
        for value in view.plain(result):
            _put(json.dumps(value))
    else:
        for line in view.lines(result):
            _put(without_controls(line, block=True))
        warn(view.asides(result))
    return view.exit_code(result)


def warn(lines: Iterable[str]) -> None:
    """Print on stderr, as far as that can be written."""
    try:
        for line in lines:
            click.echo(without_controls(line, block=True), err=True)
    except OSError:
        settle(sys.stderr)


def settle(stream: IO[str] | None) -> None:
    """Write out a standard stream; what cannot be written has to go somewhere when the interpreter ends."""
    if stream is None:
        return
    try:
        stream.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())


def is_open(stream: IO[str] | None) -> bool:
    """Whether there is a standard stream: Python has None where it was closed by whoever started the program."""
    return stream is not None


def _put(line: str) -> None:
    if not is_open(sys.stdout):
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    click.echo(line)


class Table:
    """Rows under a heading. Pages come one after the other, so a column only ever grows wider."""

    def __init__(self, *heading: str) -> None:
        self._heading: Sequence[str] | None = heading
        self._widths = [0] * len(heading)

    def lines(self, rows: Iterable[Sequence[str]]) -> Iterator[str]:
        """The rows, and the heading before the first of all."""
        page = list(rows)
        if page and self._heading is not None:
            page.insert(0, self._heading)
            self._heading = None
        for row in page:
            self._widths = [max(width, len(cell)) for width, cell in zip(self._widths, row, strict=True)]
        for row in page:
            yield "  ".join(cell.ljust(width) for cell, width in zip(row, self._widths, strict=True)).rstrip()


def local(moment: datetime | None) -> str:
    """A moment as this machine's clock shows it; "" where it is not known."""
    return "" if moment is None or moment == UNKNOWN else f"{moment.astimezone():%Y-%m-%d %H:%M}"


def counted(number: int, one: str, many: str) -> str:
    """So many of something, in words."""
    return f"{number} {one if number == 1 else many}"


def iso(moment: datetime | None) -> str | None:
    """A moment for programs: ISO 8601 in UTC, as `fields.shown` has it."""
    return None if moment is None else f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def plain_status(status: Status) -> Plain:
    """A past status for programs: like one in a record."""
    found = {
        "status": status.text,
        "emoji": status.emoji,
        "availability": status.availability.value,
        "since": None if status.set_at == UNKNOWN else iso(status.set_at),
        "until": iso(status.expires_at),
        "via": status.via,
    }
    return {name: value for name, value in found.items() if value}
