"""The engine that keeps everything in one SQLite file: the embedded default."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

from twisted.logger import Logger
from zope.interface import implementer

from fingerpost.codec import load
from fingerpost.directory import Cursor
from fingerpost.disclosure import Site
from fingerpost.errors import Resync, TemporarilyUnavailable
from fingerpost.model import Status
from fingerpost.names import fold, words
from fingerpost.store.dossier import Dossier, Entry
from fingerpost.store.engine.copies import backup, received, restore
from fingerpost.store.engine.database import Database, Steps, explained, packaged_steps
from fingerpost.store.engine.secrets import SQLiteSecrets
from fingerpost.store.engine.transaction import Transaction, dossier_of, micros, moment
from fingerpost.store.interfaces import Copied, EngineFailed, Framed, IEngine, Outcome, Write

__all__ = ["SQLiteEngine"]

_GONE = "The status store's database file is gone; `fingerctl user export` still saves what was in it."
_FRAME = "select revision, login, record from person"


Method = TypeVar("Method", bound=Callable[..., Any])


def _told(method: Method) -> Method:
    """What SQLite can't read is told in the words of the store."""

    @wraps(method)
    def telling(self: SQLiteEngine, *arguments: Any) -> Any:
        try:
            return method(self, *arguments)
        except sqlite3.Error as error:
            raise EngineFailed(f"The status store can't read its database ({error}).") from error

    return cast(Method, telling)


@implementer(IEngine)
class SQLiteEngine:
    """See `IEngine`."""

    _log = Logger()

    def __init__(self, path: Path, steps: Steps | None = None) -> None:
        self._database = Database.open(path, steps or packaged_steps())
        self._writing = self._database.writing
        if self._database.created:
            self._log.info("There was no database at {path}: a new, empty one was made", path=str(path))
        self.site = Site()
        self.secrets = SQLiteSecrets(self._database)
        with explained(path):
            self.epoch, self.revision = self._newest()

    def _newest(self) -> tuple[str, int]:
        epoch, revision = self._writing.execute("select epoch, revision from store").fetchone()
        return epoch, revision

    @property
    def _reading(self) -> sqlite3.Connection:
        return self._database.reading

    def write(self, batch: Sequence[Write], at: datetime) -> tuple[list[Outcome], list[Framed]]:
        """See `IEngine`. Where the file cannot be written, nothing is, and every outcome says so."""
        if self._database.is_gone:
            return [TemporarilyUnavailable(_GONE) for _ in batch], []
        transaction = Transaction(self._writing, self.revision, self.site, at)
        try:
            with self._database.committing():
                outcomes = [transaction.make(write) for write in batch]
                self._writing.execute("update store set revision = ?", (transaction.revision,))
        except sqlite3.Error as error:
            sentence = f"The status store could not save this ({error}); nothing was changed."
            return [TemporarilyUnavailable(sentence) for _ in batch], []
        self.revision = transaction.revision
        return outcomes, transaction.made

    @_told
    def read(self, names: Sequence[str]) -> list[Framed | None]:
        """See `IEngine`."""
        return [self._named(name) for name in names]

    def _named(self, name: str) -> Framed | None:
        row = self._reading.execute(f"{_FRAME} where login = ? and record is not null", (name,)).fetchone()
        if row is None:
            owners = self._reading.execute(
                "select login from term where term = ? and alias = 1 limit 2", (fold(name),)
            ).fetchall()
            if len(owners) == 1:
                row = self._reading.execute(f"{_FRAME} where login = ? and record is not null", owners[0]).fetchone()
        return None if row is None else Framed(*row)

    @_told
    def find(self, text: str, limit: int) -> list[Framed]:
        """See `IEngine`."""
        wanted = words(text)
        marks = ",".join("?" * len(wanted))
        found = self._reading.execute(
            f"select login from term where term in ({marks}) group by login having count(*) = ? order by login limit ?",
            (*wanted, len(wanted), limit),
        ).fetchall()
        if not found:
            found = self._reading.execute(
                "select login from term where term = ? order by login limit ?", (fold(text), limit)
            ).fetchall()
        return [framed for (login,) in found if (framed := self._named(login)) is not None]

    @_told
    def by_name(self, after: str, limit: int) -> list[Framed]:
        """See `IEngine`."""
        return self._frames(f"{_FRAME} where login > ? and record is not null order by login limit ?", (after, limit))

    @_told
    def latest(self, after: str, limit: int) -> list[tuple[Framed, str]]:
        """See `IEngine`."""
        before = Cursor.parse(after) if after else Cursor(datetime.max.replace(tzinfo=UTC), "")
        rows = self._reading.execute(
            "select revision, login, record, set_at from person where set_at is not null"
            " and (set_at, login) < (?, ?) order by set_at desc, login desc limit ?",
            (micros(before.set_at), before.login, limit),
        ).fetchall()
        return [(Framed(*frame), str(Cursor(moment(set_at), frame[1]))) for *frame, set_at in rows]

    @_told
    def history(self, login: str, before: datetime | None, limit: int) -> list[Status]:
        """See `IEngine`."""
        rows = self._reading.execute(
            "select status from history where login = ? and set_at < ? order by set_at desc limit ?",
            (login, micros(before or datetime.max.replace(tzinfo=UTC)), limit),
        ).fetchall()
        return [load(status, Status) for (status,) in rows]

    @_told
    def changes(self, since: int, limit: int) -> list[Framed]:
        """See `IEngine`."""
        found = self._frames(
            "select revision, login, record from change where revision > ? order by revision limit ?", (since, limit)
        )
        if since > self.revision or (found[0].revision != since + 1 if found else since < self.revision):
            raise Resync
        return found

    @_told
    def said(self, source: str) -> Mapping[str, Entry]:
        """See `IEngine`."""
        rows = self._reading.execute(
            "select dossier from entry join person using (login) where source = ?", (source,)
        ).fetchall()
        entries = (load(dossier, Dossier).entry(source) for (dossier,) in rows)
        return {entry.person.login: entry for entry in entries if entry is not None and not entry.gone}

    @_told
    def sources(self) -> Sequence[str]:
        """See `IEngine`."""
        return [
            source
            for (source,) in self._reading.execute("select distinct source from entry order by source").fetchall()
        ]

    @_told
    def expiring(self, limit: int) -> list[tuple[datetime, str]]:
        """See `IEngine`."""
        rows = self._reading.execute(
            "select expires_at, login from person where expires_at is not null order by expires_at, login limit ?",
            (limit,),
        ).fetchall()
        return [(moment(expires), login) for expires, login in rows]

    @_told
    def dossier(self, login: str) -> Dossier:
        """See `IEngine`."""
        return dossier_of(self._reading, login)

    @_told
    def dossiers(self, after: str, limit: int) -> list[Dossier]:
        """See `IEngine`."""
        found: list[Dossier] = []
        while len(found) < limit:
            rows = self._reading.execute(
                "select login, dossier from person where login > ? order by login limit ?", (after, limit)
            ).fetchall()
            found += [dossier for _, data in rows if (dossier := load(data, Dossier)).known]
            if len(rows) < limit:
                break
            after = rows[-1][0]
        return found[:limit]

    @_told
    def recall(self, name: str) -> str:
        """See `IEngine`."""
        row = self._reading.execute("select value from memory where name = ?", (name,)).fetchone()
        return "" if row is None else str(row[0])

    def remember(self, name: str, value: str) -> None:
        """See `IEngine`."""
        with self._database.committing():
            self._writing.execute("insert or replace into memory (name, value) values (?, ?)", (name, value))

    def trim(self, keep: int) -> int:
        """See `IEngine`."""
        oldest = self.revision - keep
        with self._database.committing():
            gone = self._writing.execute("delete from change where revision <= ?", (oldest,)).rowcount
            self._writing.execute(
                "delete from operation where made_at <="
                " (select made_at from operation order by made_at desc limit 1 offset ?)",
                (keep,),
            )
        return gone

    def backup(self, file: int) -> Copied:
        """See `IEngine`."""
        return backup(self._database.path, file)

    def receive(self, file: int) -> Path:
        """See `IEngine`."""
        return received(self._database, file)

    def restore(self, copy: Path) -> None:
        """See `IEngine`."""
        restore(self._database, copy)
        self.epoch, self.revision = self._newest()

    def close(self) -> None:
        """See `IEngine`."""
        self._database.close()

    def _frames(self, query: str, values: Iterable[object]) -> list[Framed]:
        return [Framed(*row) for row in self._reading.execute(query, tuple(values)).fetchall()]
