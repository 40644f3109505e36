"""Passwords and tokens in the SQLite file: hashes, and what may be told of a token."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from attrs import evolve
from zope.interface import implementer

from fingerpost.accounts import Token
from fingerpost.codec import dump, load
from fingerpost.errors import TemporarilyUnavailable
from fingerpost.store.engine.database import Database
from fingerpost.store.interfaces import ISecrets

__all__ = ["SQLiteSecrets"]


@implementer(ISecrets)
class SQLiteSecrets:
    """See `ISecrets`; a change that can't be saved raises `TemporarilyUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def password(self, login: str) -> str:
        """See `ISecrets`."""
        row = self._database.reading.execute("select hash from password where login = ?", (login,)).fetchone()
        return "" if row is None else str(row[0])

    def set_password(self, login: str, hashed: str) -> None:
        """See `ISecrets`."""
        with self._changing() as connection:
            if hashed:
                connection.execute("insert or replace into password (login, hash) values (?, ?)", (login, hashed))
            else:
                connection.execute("delete from password where login = ?", (login,))

    def token(self, digest: bytes) -> Token | None:
        """See `ISecrets`."""
        row = self._database.reading.execute("select about from token where digest = ?", (digest,)).fetchone()
        return None if row is None else load(row[0], Token)

    def tokens(self, login: str, after: str, limit: int) -> list[Token]:
        """See `ISecrets`."""
        rows = self._database.reading.execute(
            "select about from token where (login = ? or ? = '') and id > ? order by id limit ?",
            (login, login, after, limit),
        ).fetchall()
        return [load(about, Token) for (about,) in rows]

    def issue(self, token: Token, digest: bytes) -> None:
        """See `ISecrets`."""
        with self._changing() as connection:
            connection.execute(
                "insert into token (id, login, digest, about) values (?, ?, ?, ?)",
                (token.id, token.login, digest, dump(token)),
            )

    def revoke(self, id: str, at: datetime) -> Token | None:
        """See `ISecrets`."""
        with self._changing() as connection:
            return _changed(connection, id, revoked_at=at)

    def used(self, id: str, at: datetime) -> None:
        """See `ISecrets`."""
        with self._changing() as connection:
            _changed(connection, id, used_at=at)

    def forget(self, login: str) -> None:
        """See `ISecrets`."""
        with self._changing() as connection:
            connection.execute("delete from password where login = ?", (login,))
            connection.execute("delete from token where login = ?", (login,))

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._database.committing():
                yield self._database.writing
        except sqlite3.Error as error:
            raise TemporarilyUnavailable(
                f"The status store could not save this ({error}); nothing was changed."
            ) from error


def _changed(connection: sqlite3.Connection, id: str, **fields: datetime) -> Token | None:
    row = connection.execute("select about from token where id = ?", (id,)).fetchone()
    if row is None:
        return None
    token: Token = evolve(load(row[0], Token), **fields)  # type: ignore[arg-type]
    connection.execute("update token set about = ? where id = ?", (dump(token), id))
    return token
