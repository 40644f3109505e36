"""Whole copies of an SQLite database while it is in use: made into an open file, and taken back from one.

SQLite's own backup makes a copy as of one moment, and replaces a database in one transaction: whoever reads goes on
reading, and a crash in the middle leaves what was there. Files are passed open, so that the store needs no rights in
the folders of whoever asks.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

from fingerpost.errors import NotAccepted
from fingerpost.store.engine.database import APPLICATION_ID, Database, packaged_steps, upgraded
from fingerpost.store.interfaces import Copied, CopyFailed, EngineRefused

__all__ = ["backup", "received", "restore"]

_RECEIVED = "restore-"


def backup(path: Path, file: int) -> Copied:
    """Write a copy of the database at `path` into an open file; raises `CopyFailed`."""
    with _explained("the backup could not be made"), TemporaryDirectory(prefix="backup-", dir=path.parent) as folder:
        copy = Path(folder) / "copy.db"
        with closing(sqlite3.connect(path)) as live, closing(sqlite3.connect(copy)) as made:
            live.backup(made)
            epoch, revision = made.execute("select epoch, revision from store").fetchone()
        with open(copy, "rb") as source, open(file, "wb", closefd=False) as target:
            shutil.copyfileobj(source, target, 1 << 20)
            target.flush()
            _synchronize(file)
        return Copied(epoch, revision, copy.stat().st_size)


def received(database: Database, file: int) -> Path:
    """A copy of a backup beside the database, ready to take its place; raises `NotAccepted` and `CopyFailed`."""
    for left in database.path.parent.glob(f"{_RECEIVED}*"):
        shutil.rmtree(left, ignore_errors=True)
    copy = Path(mkdtemp(prefix=_RECEIVED, dir=database.path.parent)) / "copy.db"
    with _explained("the backup could not be read"):
        with open(file, "rb", closefd=False) as source, open(copy, "wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
        with closing(sqlite3.connect(copy, isolation_level=None)) as made:
            _check(copy, made)
            made.execute("update store set epoch = ?", (uuid.uuid4().hex,))
            made.execute("delete from change")  # nobody can follow from there
            made.execute("delete from operation")
            _as_in(database, made)
    return copy


def restore(database: Database, copy: Path) -> None:
    """Put what was received in the place of everything; what the database held is kept beside it."""
    with _explained("the backup could not be restored"):
        database.keep_copy("before-restore")
        with closing(sqlite3.connect(copy)) as made:
            made.backup(database.writing)
        shutil.rmtree(copy.parent, ignore_errors=True)


@contextmanager
def _explained(what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise CopyFailed(f"{what}: {reason}") from error


def _synchronize(file: int) -> None:
    try:
        os.fsync(file)
    except OSError:
        if Path(f"/proc/self/fd/{file}").is_file():
            raise  # a pipe or a device has nothing to be written to


def _check(path: Path, made: sqlite3.Connection) -> None:
    """Raises `NotAccepted` for what is no whole backup."""
    try:
        (application,) = made.execute("pragma application_id").fetchone()
        if application != APPLICATION_ID:
            raise EngineRefused("it is the database of another program" if path.stat().st_size else "it is empty")
        upgraded(Path("it"), made, packaged_steps())
        (verdict,) = made.execute("pragma integrity_check(1)").fetchone()
        whole = verdict == "ok" and _schema(made) == _packaged_schema() and not _unreadable(made)
    except (EngineRefused, sqlite3.Error) as error:
        raise NotAccepted(f"the file is no backup that can be restored: {error}") from error
    if not whole:
        raise NotAccepted("the file is no backup that can be restored: it is damaged")


def _schema(connection: sqlite3.Connection) -> set[tuple[str, str]]:
    rows = connection.execute("select name, sql from sqlite_schema where sql is not null")
    return {(name, " ".join(sql.split())) for name, sql in rows}


def _packaged_schema() -> set[tuple[str, str]]:
    with closing(sqlite3.connect(":memory:")) as empty:
        for script in packaged_steps().scripts:
            empty.executescript(script)
        return _schema(empty)


def _unreadable(made: sqlite3.Connection) -> bool:
    """Whether there is anybody of whom what is kept is not even JSON, or no store to keep it."""
    (stores,) = made.execute("select count(*) from store").fetchone()
    broken = made.execute(
        "select 1 from person where not json_valid(cast(dossier as text))"
        " or (record is not null and not json_valid(cast(record as text))) limit 1"
    ).fetchone()
    return stores != 1 or broken is not None


def _as_in(database: Database, made: sqlite3.Connection) -> None:
    """Give a copy that was made with pages of another size those of the database, which can't take it otherwise."""
    (size,) = database.writing.execute("pragma page_size").fetchone()
    if made.execute("pragma page_size").fetchone() != (size,):
        made.execute("pragma journal_mode = delete")
        made.execute(f"pragma page_size = {size}")
        made.execute("vacuum")
