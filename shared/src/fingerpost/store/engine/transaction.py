"""The writes of one SQLite commit: each edit applied to its dossier, numbered, logged and indexed."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta

from attrs import evolve, frozen

from fingerpost.codec import dump, load
from fingerpost.directory import Cursor
from fingerpost.disclosure import Site, public
from fingerpost.errors import FingerpostError
from fingerpost.model import Person, Record
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


@frozen
class _Kept:
    """What the file has of a login: all that is known, and what frontends are shown by which revision."""

    dossier: Dossier
    revision: int | None = None
    record: bytes | None = None


class Transaction:
    """The writes of one commit; `site` decides what frontends are shown of them."""

    def __init__(self, connection: sqlite3.Connection, revision: int, site: Site, at: datetime) -> None:
        self._execute = connection.execute
        self._connection = connection
        self._site = site
        self._at = micros(at)
        self.revision = revision
        self.made: list[Framed] = []

    def make(self, write: Write) -> Outcome:
        """Make one write; an edit that can't be made leaves no trace."""
        done = self._done(write)
        if done is not None:
            return done
        before = self._kept(write.login)
        try:
            after = write.edit.apply(before.dossier)
        except FingerpostError as error:
            return error
        whole = after.record()
        shown = None if whole is None else public(whole, after.visibility, self._site)
        framed = self._keep(before, after, shown, write.edit.narrows or after.hides_past(self._site))
        if write.edit.forgets:
            self._execute("delete from history where login = ?", (write.login,))
            self._execute("update operation set answer = null where login = ?", (write.login,))
        outcome = framed if whole is shown or whole == shown else evolve(framed, record=_dumped(whole))
        if write.op_id:
            self._execute(
                "insert into operation (login, op_id, revision, answer, made_at) values (?, ?, ?, ?, ?)",
                (write.login, write.op_id, outcome.revision, None if outcome is framed else outcome.record, self._at),
            )
        return outcome

    def _done(self, write: Write) -> Framed | None:
        """The answer that the same operation got before."""
        if not write.op_id:
            return None
        row = self._execute(
            "select operation.revision, answer, change.revision is not null, change.record"
            " from operation left join change using (revision, login) where login = ? and op_id = ?",
            (write.login, write.op_id),
        ).fetchone()
        if row is None:
            return None
        revision, answer, logged, record = row
        if answer is None and not logged:  # the log no longer reaches back: what is there now is all there is to answer
            answer = _dumped(dossier_of(self._connection, write.login).record())
        return Framed(revision, write.login, answer or record)

    def _kept(self, login: str) -> _Kept:
        row = self._execute("select dossier, revision, record from person where login = ?", (login,)).fetchone()
        return _Kept(Dossier(login)) if row is None else _Kept(load(row[0], Dossier), *row[1:])

    def _keep(self, before: _Kept, after: Dossier, shown: Record | None, alone: bool) -> Framed:
        """Put the dossier in its place; what is shown by it has a new revision if it is not what was shown before."""
        record = _dumped(shown)
        alone = alone and before.record is not None
        if record == before.record:
            framed = Framed(before.revision or self.revision, after.login, record, alone)
        else:
            self.revision += 1
            framed = Framed(self.revision, after.login, record, alone)
            self._log(framed)
            self._index_terms(before, framed.login, shown)
        if alone:
            self._execute("update change set record = ? where login = ?", (record, framed.login))
        if before.dossier != after or record != before.record:
            self._put(framed, after, shown)
            self._index_sources(before.dossier, after)
        return framed

    def _log(self, framed: Framed) -> None:
        self._execute(
            "insert into change (revision, login, record) values (?, ?, ?)",
            (framed.revision, framed.login, framed.record),
        )
        self.made.append(framed)

    def _put(self, framed: Framed, after: Dossier, shown: Record | None) -> None:
        if not after.kept:
            self._execute("delete from person where login = ?", (framed.login,))
            return
        status = after.status if after.known else None
        listed = None if shown is None else Cursor.at(shown)
        expires_at = None if status is None or status.expires_at is None else micros(status.expires_at)
        self._execute(
            "insert into person (login, revision, dossier, record, set_at, expires_at) values (?, ?, ?, ?, ?, ?)"
            " on conflict (login) do update set revision = excluded.revision, dossier = excluded.dossier,"
            " record = excluded.record, set_at = excluded.set_at, expires_at = excluded.expires_at",
            (framed.login, framed.revision, dump(after), framed.record, listed and micros(listed.set_at), expires_at),
        )
        if status is not None:
            self._execute(
                "insert or replace into history (login, set_at, status) values (?, ?, ?)",
                (framed.login, micros(status.set_at), dump(status)),
            )

    def _index_sources(self, before: Dossier, after: Dossier) -> None:
        old, new = (set(dossier.sources) for dossier in (before, after))
        for source in old - new:
            self._execute("delete from entry where source = ? and login = ?", (source, after.login))
        for source in new - old:
            self._execute("insert into entry (source, login) values (?, ?)", (source, after.login))

    def _index_terms(self, before: _Kept, login: str, shown: Record | None) -> None:
        """What somebody is found by: the names, which no disclosure changes but that of hiding."""
        old = before.dossier.record() if before.record is not None else None
        if old and shown and _names(old.person) == _names(shown.person):
            return
        self._execute("delete from term where login = ?", (login,))
        if shown is not None:
            aliases = set(map(fold, shown.person.aliases))
            self._connection.executemany(
                "insert into term (term, login, alias) values (?, ?, ?)",
                [(term, login, term in aliases) for term in terms(shown.person)],
            )


def _dumped(record: Record | None) -> bytes | None:
    return None if record is None else dump(record)


def _names(person: Person) -> tuple[object, ...]:
    return person.aliases, person.full_name


def dossier_of(connection: sqlite3.Connection, login: str) -> Dossier:
    """What is known of a login, an empty dossier where nothing is."""
    row = connection.execute("select dossier from person where login = ?", (login,)).fetchone()
    return Dossier(login) if row is None else load(row[0], Dossier)
