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
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from fingerpost.errors import NotAccepted
from fingerpost.store.engine.database import Database, packaged_steps, upgraded
from fingerpost.store.interfaces import EngineRefused

__all__ = ["backup", "restore"]


def backup(path: Path, file: int) -> int:
    """Write a copy of the database at `path` into an open file; how many bytes that were."""
    with TemporaryDirectory(prefix="backup-", dir=path.parent) as folder:
        copy = Path(folder) / "copy.db"
        with closing(sqlite3.connect(path)) as live, closing(sqlite3.connect(copy)) as made:
            live.backup(made)
        with open(copy, "rb") as source, open(file, "wb", closefd=False) as target:
            shutil.copyfileobj(source, target, 1 << 20)
            target.flush()
            os.fsync(file)
            return target.tell()


def restore(database: Database, file: int) -> None:
    """Replace what the database holds by a copy; what it held is kept beside it. Raises `NotAccepted`."""
    with TemporaryDirectory(prefix="restore-", dir=database.path.parent) as folder:
        copy = Path(folder) / "copy.db"
        with open(file, "rb", closefd=False) as source, open(copy, "wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
        with closing(sqlite3.connect(copy, isolation_level=None)) as made:
            _check(copy, made)
            made.execute("update store set epoch = ?", (uuid.uuid4().hex,))
            database.keep_copy("before-restore")
            made.backup(database.writing)


def _check(path: Path, made: sqlite3.Connection) -> None:
    try:
        (tables,) = made.execute("select count(*) from sqlite_schema").fetchone()
        if not tables:
            raise EngineRefused("it is empty")
        upgraded(path, made, packaged_steps())
        (verdict,) = made.execute("pragma integrity_check(1)").fetchone()
        (stores,) = made.execute("select count(*) from store").fetchone()
    except (EngineRefused, sqlite3.Error) as error:
        raise NotAccepted(f"the file is no backup that can be restored: {error}") from error
    if verdict != "ok" or stores != 1:
        raise NotAccepted(f"the file is no backup that can be restored: it is damaged ({verdict})")
