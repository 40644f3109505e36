"""The writes of one SQLite commit: each edit applied to its dossier, numbered, logged and indexed."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta

from fingerpost.codec import dump, load
from fingerpost.errors import FingerpostError
from fingerpost.model import Record
from fingerpost.names import fold, terms
from fingerpost.store.dossier import Dossier
from fingerpost.store.interfaces import Framed, Outcome, Write

__all__ = ["Transaction", "dossier_of", "micros", "moment"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(at: datetime) -> int:
    """A moment as microseconds since 1970 in UTC, the form in which the file keeps it."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def moment(since: int) -> datetime:
    """The moment that `micros` wrote."""
    return _EPOCH + timedelta(microseconds=since)


class Transaction:
    """The writes of one commit."""

    def __init__(self, connection: sqlite3.Connection, revision: int) -> None:
        self._execute = connection.execute
        self._connection = connection
        self.revision = revision
        self.made: list[Framed] = []

    def make(self, write: Write) -> Outcome:
        """Make one write; an edit that can't be made leaves no trace."""
        done = self._done(write)
        if done is not None:
            return done
        before = dossier_of(self._connection, write.login)
        try:
            after = write.edit.apply(before)
        except FingerpostError as error:
            return error
        outcome = self._keep(before, after)
        if write.op_id:
            self._execute(
                "insert into operation (login, op_id, revision) values (?, ?, ?)",
                (write.login, write.op_id, outcome.revision),
            )
        return outcome

    def _done(self, write: Write) -> Framed | None:
        """The answer that the same operation got before."""
        if not write.op_id:
            return None
        row = self._execute(
            "select operation.revision, change.revision is not null, change.record"
            " from operation left join change using (revision, login) where login = ? and op_id = ?",
            (write.login, write.op_id),
        ).fetchone()
        if row is None:
            return None
        revision, logged, record = row
        if not logged:  # the log no longer reaches back: what is there now is all there is to answer
            now = dossier_of(self._connection, write.login).record()
            record = None if now is None else dump(now)
        return Framed(revision, write.login, record)

    def _keep(self, before: Dossier, after: Dossier) -> Framed:
        old, new = before.record(), after.record()
        if before == after:
            return self._unchanged(after.login, new)
        if old == new:
            self._put(self._unchanged(after.login, new), after, new)
            self._index_sources(before, after)
            return self._unchanged(after.login, new)
        self.revision += 1
        framed = Framed(self.revision, after.login, None if new is None else dump(new))
        self._put(framed, after, new)
        self._index_sources(before, after)
        self._index_terms(after.login, old, new)
        self._execute(
            "insert into change (revision, login, record) values (?, ?, ?)",
            (framed.revision, framed.login, framed.record),
        )
        self.made.append(framed)
        return framed

    def _unchanged(self, login: str, record: Record | None) -> Framed:
        row = self._execute("select revision from person where login = ?", (login,)).fetchone()
        return Framed(self.revision if row is None else row[0], login, None if record is None else dump(record))

    def _put(self, framed: Framed, after: Dossier, record: Record | None) -> None:
        if not after.kept:
            self._execute("delete from person where login = ?", (framed.login,))
            return
        status = None if record is None else record.status
        set_at = None if status is None else micros(status.set_at)
        expires_at = None if status is None or status.expires_at is None else micros(status.expires_at)
        self._execute(
            "insert into person (login, revision, dossier, record, set_at, expires_at) values (?, ?, ?, ?, ?, ?)"
            " on conflict (login) do update set revision = excluded.revision, dossier = excluded.dossier,"
            " record = excluded.record, set_at = excluded.set_at, expires_at = excluded.expires_at",
            (framed.login, framed.revision, dump(after), framed.record, set_at, expires_at),
        )
        if status is not None:
            self._execute(
                "insert or replace into history (login, set_at, status) values (?, ?, ?)",
                (framed.login, set_at, dump(status)),
            )

    def _index_sources(self, before: Dossier, after: Dossier) -> None:
        old, new = (set(dossier.sources) for dossier in (before, after))
        for source in old - new:
            self._execute("delete from entry where source = ? and login = ?", (source, after.login))
        for source in new - old:
            self._execute("insert into entry (source, login) values (?, ?)", (source, after.login))

    def _index_terms(self, login: str, old: Record | None, new: Record | None) -> None:
        if old and new and old.person == new.person:
            return
        self._execute("delete from term where login = ?", (login,))
        if new is not None:
            aliases = set(map(fold, new.person.aliases))
            self._connection.executemany(
                "insert into term (term, login, alias) values (?, ?, ?)",
                [(term, login, term in aliases) for term in terms(new.person)],
            )


def dossier_of(connection: sqlite3.Connection, login: str) -> Dossier:
    """What is known of a login, an empty dossier where nothing is."""
    row = connection.execute("select dossier from person where login = ?", (login,)).fetchone()
    return Dossier(login) if row is None else load(row[0], Dossier)
