"""The command `fingerctl user import`: where rows come from, and what is said of them meanwhile and in the end."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from functools import wraps
from typing import IO, TYPE_CHECKING, Any

import click

from fingerpost.ctl.asking import asks, for_administrators, wants_json
from fingerpost.ctl.importing.forms import FORMS, form_of
from fingerpost.ctl.importing.inputs import Input, appended, is_same_file, note, opened
from fingerpost.ctl.importing.items import Item
from fingerpost.ctl.importing.resuming import Progress
from fingerpost.ctl.problems import Problem
from fingerpost.ctl.rendering import Plain, View, counted, warn
from fingerpost.ctl.results import Imported
from fingerpost.errors import NotAccepted

if TYPE_CHECKING:
    from fingerpost.ctl.store import Administration

__all__ = ["import_people"]

_EX_DATAERR = 65
_SAVE_EVERY = 1.0  # seconds


class ImportedView(View[Imported]):
    """What became of everybody."""

    def lines(self, result: Imported) -> list[str]:
        """See `View`."""
        refused = f"; {counted(result.refused, 'row', 'rows')} refused" if result.refused else ""
        return [f"{counted(result.people, 'person', 'people')} taken in, {result.changed} new or different{refused}"]

    def plain(self, result: Imported) -> list[Plain]:
        """See `View`."""
        return [{"people": result.people, "changed": result.changed, "refused": result.refused}]

    def exit_code(self, result: Imported) -> int:
        """See `View`."""
        return _EX_DATAERR if result.refused else 0


def _opened(command: Callable[..., Any]) -> Callable[..., Any]:
    """Open what is read before the store is reached; what is written is left as it is until then."""

    @click.argument("file")
    @click.option("--format", "form", type=click.Choice([*FORMS]), help="If the file's name does not tell.")
    @click.option("--from-start", is_flag=True, help="Do not go on behind what an earlier run has done.")
    @click.option("--refused", metavar="FILE", help="Write rows that are refused, and why, as JSON Lines.")
    @wraps(command)
    def with_files(file: str, form: str | None, from_start: bool, refused: str | None) -> Any:
        with ExitStack() as stack:
            given = opened(stack, file, form or form_of(file), from_start)
            if refused and is_same_file(given.file, refused):
                raise click.UsageError(f"--refused: {refused} is the file that is read; name another.")
            return command(given=given, refused=refused)

    return with_files


@click.command("import")
@for_administrators
@_opened
@asks(ImportedView)
async def import_people(store: Administration, given: Input, refused: str | None) -> Imported:
    """Take in people from a file, or - for stdin: 'name: status' lines, CSV or JSON Lines.

    What is refused is told with its line, and the rest is taken in. A run that was broken off goes on where it was.
    """
    with appended(refused, bool(given.progress.place.line)) if refused else nullcontext() as kept:
        return await _imported(store, given, kept)


async def _imported(store: Administration, given: Input, kept: IO[str] | None) -> Imported:
    from fingerpost.ctl.importing.batches import batches
    from fingerpost.ctl.importing.course import Course

    as_json = wants_json()

    def refuse(item: Item, reason: str) -> None:
        _tell_refused(item, reason, as_json)
        if kept is not None:
            row = {"line": item.line, "reason": reason, "row": item.raw}
            kept.write(json.dumps(row) + "\n")

    with _bar(given) as advance:
        saved = time.monotonic()

        def moved(progress: Progress) -> None:
            nonlocal saved
            advance(progress)
            if time.monotonic() - saved >= _SAVE_EVERY:
                _save(given, progress, kept)
                saved = time.monotonic()

        course = Course(store, given.progress, refuse, moved)
        try:
            await course.run(batches(FORMS[given.form](given.file, given.progress.place)))
        except NotAccepted:
            raise  # not a row, but the file: nothing of it was taken in
        except BaseException:
            _save(given, course.progress, kept)
            _say_where(given, course.progress)
            raise
    if given.remembered is not None:
        given.remembered.forget()
    return course.progress.counts


def _tell_refused(item: Item, reason: str, as_json: bool) -> None:
    if as_json:
        value: Any = Problem("not_accepted", _EX_DATAERR, reason).plain()
        warn([json.dumps({"error": {**value["error"], "line": item.line}})])
    else:
        where = f"line {item.line}" if item.line == item.end.line else f"lines {item.line} to {item.end.line}"
        warn([f"{where}: {reason}"])


def _save(given: Input, progress: Progress, kept: IO[str] | None) -> None:
    if kept is not None:
        kept.flush()
    if given.remembered is None:
        return
    try:
        given.remembered.save(progress)
    except OSError:
        return  # an import that can't be gone on with is still one


def _say_where(given: Input, progress: Progress) -> None:
    line = progress.place.line
    more = "the same command goes on from there" if given.remembered else "what is behind it was not taken in"
    note(f"Stopped behind line {line} of {given.name}; {more}")


@contextmanager
def _bar(given: Input) -> Iterator[Callable[[Progress], None]]:
    """A bar on a terminal, by bytes."""
    if given.size is None or not sys.stderr.isatty():
        yield lambda progress: None
        return
    at = given.progress.place.offset
    with click.progressbar(length=given.size, label="Importing", file=sys.stderr) as bar:
        bar.update(at)

        def advance(progress: Progress) -> None:
            nonlocal at
            bar.update(progress.place.offset - at)
            at = progress.place.offset

        yield advance
