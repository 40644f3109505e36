"""The files of an import: what is read, and where what is refused is written."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from attrs import frozen

from fingerpost.ctl.asking import wants_json
from fingerpost.ctl.importing.resuming import Progress, Remembered, state_folder
from fingerpost.ctl.problems import CannotCreate, CannotRead
from fingerpost.ctl.rendering import is_open, warn

__all__ = ["Input", "appended", "is_same_file", "note", "opened"]


@frozen
class Input:
    """An open file, how to read it, and what is remembered of it: nothing, where it can't be read again."""

    name: str
    file: IO[bytes]
    form: str
    size: int | None
    remembered: Remembered | None
    progress: Progress


def opened(stack: ExitStack, name: str, form: str, from_start: bool) -> Input:
    """An input, and how far an earlier run has come with it; raises `CannotRead`."""
    if name == "-":
        if not is_open(sys.stdin):
            raise CannotRead("stdin cannot be read: it is closed.")
        return Input("stdin", sys.stdin.buffer, form, None, None, Progress())
    try:
        file = stack.enter_context(open(name, "rb"))  # noqa: SIM115 (the stack closes it)
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            return Input(name, file, form, None, None, Progress())
        remembered = Remembered(state_folder(os.environ), Path(name), form)
    except OSError as error:
        raise CannotRead(f"{name} cannot be read: {error.strerror}.") from None
    progress, changed = (Progress(), False) if from_start else remembered.load()
    if changed:
        note(f"{name} has changed since it was begun; starting over")
    elif progress.place.line:
        note(f"Going on behind line {progress.place.line} of {name}")
    return Input(name, file, form, status.st_size, remembered, progress)


def is_same_file(file: IO[bytes], path: str) -> bool:
    """Whether a path, whatever its name, leads to the very file that is open."""
    try:
        status = os.fstat(file.fileno())
        return stat.S_ISREG(status.st_mode) and os.path.samestat(status, os.stat(path))
    except OSError:
        return False


@contextmanager
def appended(path: str, again: bool) -> Iterator[IO[str]]:
    """A file for rows that are refused; a run that goes on adds to it. Raises `CannotCreate`."""
    try:
        file = open(path, "a" if again else "w", encoding="utf-8")  # noqa: SIM115 (it is closed below)
    except OSError as error:
        raise CannotCreate(f"{path} cannot be written: {error.strerror}.") from None
    with file:
        yield file


def note(sentence: str) -> None:
    """Tell people; programs hear of errors alone."""
    if not wants_json():
        warn([sentence])
