"""`fingerctl user export`: everybody as JSON Lines, which `user import` takes."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from typing import IO, TYPE_CHECKING

import click

from fingerpost.codec import dump
from fingerpost.ctl.asking import asks, for_administrators
from fingerpost.ctl.files import replacing
from fingerpost.ctl.problems import CannotCreate
from fingerpost.ctl.rendering import Plain, View, counted, is_open
from fingerpost.ctl.results import Exported

if TYPE_CHECKING:
    from fingerpost.ctl.store import Administration

__all__ = ["export_people"]


class ExportedView(View[Exported]):
    """Where people were written to: a file, or stdout, where nothing else may be said."""

    def lines(self, result: Exported) -> list[str]:
        """See `View`."""
        return [] if result.file == "-" else [f"{counted(result.people, 'person', 'people')} in {result.file}"]

    def plain(self, result: Exported) -> list[Plain]:
        """See `View`."""
        return [] if result.file == "-" else [{"people": result.people, "file": result.file}]


@click.command("export")
@click.argument("file", default="-")
@for_administrators
@asks(ExportedView)
async def export_people(store: Administration, file: str) -> Exported:
    """Write everybody, hidden people too, as JSON Lines to a file or stdout."""
    if file == "-":
        if not is_open(sys.stdout):
            raise CannotCreate("The output cannot be written: stdout is closed.")
        out: IO[bytes] = sys.stdout.buffer
        return Exported(await _write(store, out), file)
    with replacing(file) as out:
        return Exported(await _write(store, out), file)


async def _write(store: Administration, out: IO[bytes]) -> int:
    people = 0
    async for lines in _pages(store):
        out.write(b"".join(lines))
        people += len(lines)
    out.flush()
    return people


async def _pages(store: Administration) -> AsyncIterator[list[bytes]]:
    after = ""
    while True:
        rows, after = await store.export_rows(after)
        yield [dump(row) + b"\n" for row in rows]
        if not after:
            return
