"""A source that is a file like the tutorial's `/etc/users`: one `name: status` to a line.

Blank lines and lines that start with `#` are passed over. A line that can't be understood is reported with its number,
and the others serve.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from zope.interface import implementer

from fingerpost.errors import NotAccepted
from fingerpost.store.dossier import Entry
from fingerpost.store.interfaces import IStatusSource, SourceFailed
from fingerpost.store.sources.memory import entry_of

__all__ = ["FileSource", "parse"]

_MOST_BYTES = 64 * 1024 * 1024
_MOST_PROBLEMS = 20

Stamp = tuple[int, int, int]


def parse(data: bytes, source: str, rank: int, at: datetime) -> tuple[dict[str, Entry], list[str]]:
    """The entries of a users file by login (the first line of a name counts), and a sentence for each bad line."""
    entries: dict[str, Entry] = {}
    problems: list[str] = []
    for number, line in enumerate(data.split(b"\n"), start=1):
        if not line.strip() or line.lstrip().startswith(b"#"):
            continue
        try:
            entry = _entry(line, source, rank, at)
            if entry.person.login in entries:
                raise NotAccepted(f"'{entry.person.login}' was given on an earlier line")
        except NotAccepted as error:
            problems.append(f"line {number}: {error}")
        else:
            entries[entry.person.login] = entry
    return entries, problems


def _entry(line: bytes, source: str, rank: int, at: datetime) -> Entry:
    try:
        name, colon, text = line.decode("utf-8").rstrip("\r").partition(":")
    except UnicodeDecodeError:
        raise NotAccepted("this is not UTF-8") from None
    if not colon:
        raise NotAccepted("there is no colon between a name and a status")
    return entry_of(source, rank, name, text, at)


@implementer(IStatusSource)
class FileSource:
    """See `IStatusSource`; a status counts as set when the file was last written."""

    def __init__(self, name: str, rank: int, path: Path) -> None:
        self.name = name
        self._rank = rank
        self._path = path
        self._seen: Stamp | None = None

    def changed(self) -> bool:
        """See `IStatusSource`. A file that can't be read is worth reading: that says why."""
        try:
            return _stamp(os.stat(self._path)) != self._seen
        except (OSError, ValueError):
            return self._seen is not None

    def read(self) -> tuple[Mapping[str, Entry], Sequence[str]]:
        """See `IStatusSource`."""
        self._seen = None
        try:
            status, data = _read(self._path)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise SourceFailed(f"{self._path} cannot be read: {reason}") from error
        self._seen = _stamp(status)
        written = min(datetime.fromtimestamp(status.st_mtime, UTC), datetime.now(UTC))
        entries, problems = parse(data, self.name, self._rank, written)
        more = len(problems) - _MOST_PROBLEMS
        return entries, [*problems[:_MOST_PROBLEMS], *([f"and {more} more lines"] if more > 0 else [])]


def _read(path: Path) -> tuple[os.stat_result, bytes]:
    """A regular file, however it is replaced meanwhile; a pipe in its place must not block."""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise SourceFailed(f"{path} is not a regular file")
        if status.st_size > _MOST_BYTES:
            raise SourceFailed(f"{path} is larger than {_MOST_BYTES // 2**20} MiB")
        with open(fd, "rb", closefd=False) as file:
            return status, file.read(_MOST_BYTES)
    finally:
        os.close(fd)


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_ino, status.st_size, status.st_mtime_ns
