"""Opening an SQLite file: who may have it, which schema it has, and the steps to the newest one."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from attrs import field, frozen

from fingerpost.store.interfaces import EngineRefused

__all__ = ["APPLICATION_ID", "Database", "Steps", "explained", "packaged_steps", "upgraded"]

# "FPst": lets file(1) and us tell a status database from any other SQLite file.
APPLICATION_ID = 0x46507374


_OF_THE_DISK = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_READONLY")


@frozen
class Steps:
    """The `.sql` files that lead from an empty file to the newest schema, step N being the N-th."""

    scripts: tuple[str, ...]

    @property
    def newest(self) -> int:
        """The version that the last step leads to."""
        return len(self.scripts)


def packaged_steps() -> Steps:
    """The steps that come with this version of the store."""
    folder = resources.files("fingerpost.store.engine") / "schema"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return Steps(tuple(file.read_text() for file in files))


@frozen
class Database:
    """An SQLite file of the newest schema that belongs to this process alone until it is closed."""

    path: Path
    writing: sqlite3.Connection
    created: bool  # just now, because there was none
    _lock: int = field(alias="lock")
    _file: os.stat_result = field(alias="file")
    _own: threading.local = field(factory=threading.local, init=False)
    _opened: list[sqlite3.Connection] = field(factory=list, init=False)

    @classmethod
    def open(cls, path: Path, steps: Steps) -> Database:
        """Open or create the file, bring it to the newest schema, or raise `EngineRefused` saying what to do."""
        lock = _locked(path)
        try:
            with explained(path):
                writing = _connected(path)
                return cls(path, writing, not _upgrade(path, writing, steps), lock, os.stat(path))
        except EngineRefused:
            os.close(lock)
            raise

    @property
    def reading(self) -> sqlite3.Connection:
        """The calling thread's own connection: on a shared one, a long read would hold the others to its snapshot."""
        if not hasattr(self._own, "connection"):
            self._own.connection = _connected(self.path)
            self._opened.append(self._own.connection)
        connection: sqlite3.Connection = self._own.connection
        return connection

    @property
    def is_gone(self) -> bool:
        """Whether the file was taken away; what is written to it then ends with the process."""
        try:
            return not os.path.samestat(os.stat(self.path), self._file)
        except OSError:
            return True

    @contextmanager
    def committing(self) -> Iterator[None]:
        """One transaction, which is undone where it can't be finished."""
        self.writing.execute("begin immediate")
        try:
            yield
            self.writing.execute("commit")
        except BaseException:
            if self.writing.in_transaction:
                self.writing.execute("rollback")
            raise

    def keep_copy(self, called: str) -> None:
        """Keep a copy beside the file, whose name ends in what it is called."""
        _keep_copy(self.path, self.writing, called)

    def close(self) -> None:
        """Close the connections and let another process have the file."""
        for connection in (*self._opened, self.writing):
            connection.close()
        os.close(self._lock)


def _locked(path: Path) -> int:
    """Create the file for its owner only, and hold a lock beside it: two stores would number changes twice."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        lock = os.open(f"{path}.lock", os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise EngineRefused(
            f"{path} cannot be opened: {error.strerror}; the folder must exist and belong to the store's user"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise EngineRefused(f"{path} is in use by another store; stop that one first") from error
    return lock


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    return connection


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """What SQLite can't open is told as `EngineRefused`, with what to do about it."""
    try:
        yield
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorname", "").startswith(_OF_THE_DISK):
            raise EngineRefused(
                f"{path} cannot be opened: {error}; the disk is full (`df`), or fails (`dmesg`), or is read-only"
            ) from error
        raise EngineRefused(
            f"{path} cannot be used as a status database: {error}; "
            "move it away, with the -wal and -shm beside it, and restore a backup into the new one"
        ) from error


def _upgrade(path: Path, connection: sqlite3.Connection, steps: Steps) -> int:
    """Bring a database to the newest schema, and keep a copy of one that was older; the schema that it had."""
    version = _version(path, connection, steps)
    if 0 < version < steps.newest:
        _keep_copy(path, connection, f"schema-{version}")
    upgraded(path, connection, steps)
    return version


def upgraded(path: Path, connection: sqlite3.Connection, steps: Steps) -> None:
    """Bring a database to the newest schema; raises `EngineRefused` where it is another program's, or newer."""
    version = _version(path, connection, steps)
    for number in range(version + 1, steps.newest + 1):
        script = steps.scripts[number - 1]
        if number == 1:
            script += f"insert into store (id, epoch, revision) values (1, '{uuid.uuid4().hex}', 0);"
        _step(connection, number, script)


def _version(path: Path, connection: sqlite3.Connection, steps: Steps) -> int:
    (application,) = connection.execute("pragma application_id").fetchone()
    (version,) = connection.execute("pragma user_version").fetchone()
    (tables,) = connection.execute("select count(*) from sqlite_schema").fetchone()
    if tables and application != APPLICATION_ID:
        raise EngineRefused(f"{path} is the database of another program; name another file in `engine`")
    if version > steps.newest:
        raise EngineRefused(
            f"{path} was written by a newer version of Fingerpost (schema {version}, this one knows {steps.newest}); "
            "upgrade Fingerpost, or restore the copy that the upgrade kept"
        )
    return int(version)


def _keep_copy(path: Path, connection: sqlite3.Connection, called: str) -> None:
    kept = path.with_name(f"{path.name}.{called}")
    os.close(os.open(kept, os.O_CREAT | os.O_RDWR | os.O_TRUNC, 0o600))
    copy = sqlite3.connect(kept)
    try:
        connection.backup(copy)
    finally:
        copy.close()


def _step(connection: sqlite3.Connection, number: int, script: str) -> None:
    try:
        connection.executescript(
            f"begin immediate;\n{script}\n;pragma application_id = {APPLICATION_ID};"
            f"pragma user_version = {number};\ncommit;"
        )
    except sqlite3.Error:
        connection.rollback()
        raise
