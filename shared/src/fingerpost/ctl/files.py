"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from fingerpost.ctl.problems import CannotCreate

__all__ = ["replacing"]


@contextmanager
def replacing(path: str) -> Iterator[IO[bytes]]:
    """A file that takes the place of `path` when it is written and on the disk; only its owner may read it.

    Of a link, what it leads to is replaced. What is there and is no file, such as a device, is refused.
    """
    try:
        with _replaced(_target(path)) as file:
            yield file
    except OSError as error:
        raise CannotCreate(f"{path} cannot be written: {error.strerror}.") from None


def _target(path: str) -> Path:
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise CannotCreate(f"{path} cannot be replaced: it is no file.", "name a file")
    return Path(os.path.realpath(path))


@contextmanager
def _replaced(target: Path) -> Iterator[IO[bytes]]:
    descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with open(descriptor, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    _sync(target.parent)


def _sync(folder: Path) -> None:
    """Have the new name on the disk, too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
