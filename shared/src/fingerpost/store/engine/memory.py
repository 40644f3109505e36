"""An engine that keeps everything in memory: for tests, and for people who want nothing kept."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import wraps
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar, cast

from attrs import evolve
from zope.interface import implementer

from fingerpost.accounts import Token
from fingerpost.codec import dump
from fingerpost.directory import Cursor, Directory
from fingerpost.disclosure import Site
from fingerpost.errors import FingerpostError, NotAccepted, Resync
from fingerpost.model import Change, Record, Status
from fingerpost.store.dossier import Dossier, Entry
from fingerpost.store.interfaces import Copied, Framed, IEngine, ISecrets, Outcome, Write

__all__ = ["MemoryEngine"]


def _framed(change: Change) -> Framed:
    return Framed(change.revision, change.login, None if change.record is None else dump(change.record))


Method = TypeVar("Method", bound=Callable[..., Any])


def _alone(method: Method) -> Method:
    """The store calls from several threads, and dictionaries must not change under whoever walks them."""

    @wraps(method)
    def locked(self: MemoryEngine, *arguments: Any) -> Any:
        with self._lock:
            return method(self, *arguments)

    return cast(Method, locked)


@implementer(IEngine)
class MemoryEngine:
    """See `IEngine`."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.site = Site()
        self.secrets = MemorySecrets()
        self._memory: dict[str, str] = {}
        self.epoch = uuid.uuid4().hex
        self.revision = 0
        self._dossiers: dict[str, Dossier] = {}
        self._directory = Directory()
        self._log: list[Framed] = []
        self._history: dict[str, dict[datetime, Status]] = {}
        self._done: dict[tuple[str, str], Framed] = {}

    @_alone
    def write(self, batch: Sequence[Write], at: datetime) -> tuple[list[Outcome], list[Framed]]:
        """See `IEngine`."""
        start = len(self._log)
        outcomes = [self._write(write) for write in batch]
        return outcomes, self._log[start:]

    def _write(self, write: Write) -> Outcome:
        done = self._done.get((write.login, write.op_id))
        if write.op_id and done is not None:
            return done
        try:
            after = write.edit.apply(self._dossier(write.login))
        except FingerpostError as error:
            return error
        whole = after.record()
        framed = _framed(Change(self._commit(after), after.login, whole))
        if write.edit.narrows or after.hides_past(self.site):
            framed = evolve(framed, alone=True)
            self._narrow(after.login)
        if write.edit.forgets:
            self._history.pop(write.login, None)
        if write.op_id:
            self._done[write.login, write.op_id] = framed
        return framed

    def _commit(self, after: Dossier) -> int:
        """Keep a dossier; the revision by which is shown what is shown of it."""
        login = after.login
        self._dossiers[login] = after
        if not after.kept:
            del self._dossiers[login]
        if after.known and after.status is not None:
            self._history.setdefault(login, {})[after.status.set_at] = after.status
        before, shown = self._directory.change(login), after.public(self.site)
        if shown == (None if before is None else before.record):
            return self.revision if before is None else before.revision
        self.revision += 1
        change = Change(self.revision, login, shown)
        self._directory.apply(change)
        self._log.append(_framed(change))
        return self.revision

    def _narrow(self, login: str) -> None:
        """Have the log say of before what may be seen now."""
        change = self._directory.change(login) or Change(self.revision, login, None)
        now = _framed(change).record
        self._log = [evolve(each, record=now) if each.login == login else each for each in self._log]

    def _dossier(self, login: str) -> Dossier:
        return self._dossiers.get(login) or Dossier(login)

    def _frame(self, record: Record) -> Framed:
        change = self._directory.change(record.login)
        assert change is not None
        return _framed(change)

    @_alone
    def read(self, names: Sequence[str]) -> list[Framed | None]:
        """See `IEngine`."""
        found = map(self._directory.get, names)
        return [None if record is None else self._frame(record) for record in found]

    @_alone
    def find(self, text: str, limit: int) -> list[Framed]:
        """See `IEngine`."""
        return [self._frame(record) for record in self._directory.find(text, limit)]

    @_alone
    def by_name(self, after: str, limit: int) -> list[Framed]:
        """See `IEngine`."""
        return [_framed(change) for change in self._directory.by_name(after, limit)]

    @_alone
    def latest(self, after: str, limit: int) -> list[tuple[Framed, str]]:
        """See `IEngine`."""
        found = self._directory.latest(Cursor.parse(after) if after else None, limit)
        return [(self._frame(record), str(Cursor.at(record))) for record in found]

    @_alone
    def history(self, login: str, before: datetime | None, limit: int) -> list[Status]:
        """See `IEngine`."""
        said = self._history.get(login, {}).values()
        older = [status for status in said if before is None or status.set_at < before]
        return sorted(older, key=lambda status: status.set_at, reverse=True)[:limit]

    @_alone
    def changes(self, since: int, limit: int) -> list[Framed]:
        """See `IEngine`."""
        first = self.revision - len(self._log) + 1
        if not first - 1 <= since <= self.revision:
            raise Resync
        return self._log[since - first + 1 :][:limit]

    @_alone
    def said(self, source: str) -> Mapping[str, Entry]:
        """See `IEngine`."""
        entries = ((login, dossier.entry(source)) for login, dossier in self._dossiers.items())
        return {login: entry for login, entry in entries if entry is not None and not entry.gone}

    @_alone
    def sources(self) -> Sequence[str]:
        """See `IEngine`."""
        return sorted({source for dossier in self._dossiers.values() for source in dossier.sources})

    @_alone
    def expiring(self, limit: int) -> list[tuple[datetime, str]]:
        """See `IEngine`."""
        shown = ((dossier.status, login) for login, dossier in self._dossiers.items() if dossier.known)
        return sorted((s.expires_at, login) for s, login in shown if s is not None and s.expires_at is not None)[:limit]

    @_alone
    def trim(self, keep: int) -> int:
        """See `IEngine`."""
        gone = max(0, len(self._log) - keep)
        del self._log[:gone]
        for key in list(self._done)[: max(0, len(self._done) - keep)]:
            del self._done[key]
        return gone

    @_alone
    def dossier(self, login: str) -> Dossier:
        """See `IEngine`."""
        return self._dossier(login)

    @_alone
    def dossiers(self, after: str, limit: int) -> list[Dossier]:
        """See `IEngine`."""
        logins = sorted(login for login, dossier in self._dossiers.items() if login > after and dossier.known)
        return [self._dossiers[login] for login in logins[:limit]]

    def recall(self, name: str) -> str:
        """See `IEngine`."""
        return self._memory.get(name, "")

    def remember(self, name: str, value: str) -> None:
        """See `IEngine`."""
        self._memory[name] = value

    def backup(self, file: int) -> Copied:
        """See `IEngine`."""
        raise NotAccepted("this store keeps everything in memory; `export` what is in it instead")

    def receive(self, file: int) -> Path:
        """See `IEngine`."""
        raise NotAccepted("this store keeps everything in memory; `import` what an `export` wrote instead")

    def restore(self, copy: Path) -> None:
        """See `IEngine`: nothing was ever received."""

    def close(self) -> None:
        """See `IEngine`."""


@implementer(ISecrets)
class MemorySecrets:
    """See `ISecrets`."""

    def __init__(self) -> None:
        self._passwords: dict[str, str] = {}
        self._tokens: dict[str, Token] = {}
        self._digests: dict[bytes, str] = {}

    def password(self, login: str) -> str:
        """See `ISecrets`."""
        return self._passwords.get(login, "")

    def set_password(self, login: str, hashed: str) -> None:
        """See `ISecrets`."""
        self._passwords[login] = hashed

    def token(self, digest: bytes) -> Token | None:
        """See `ISecrets`."""
        return self._tokens.get(self._digests.get(digest, ""))

    def tokens(self, login: str, after: str, limit: int) -> list[Token]:
        """See `ISecrets`."""
        found = sorted(self._tokens.values(), key=lambda token: token.id)
        return [token for token in found if token.id > after and login in ("", token.login)][:limit]

    def issue(self, token: Token, digest: bytes) -> None:
        """See `ISecrets`."""
        self._tokens[token.id] = token
        self._digests[digest] = token.id

    def revoke(self, id: str, at: datetime) -> Token | None:
        """See `ISecrets`."""
        return self._changed(id, revoked_at=at)

    def used(self, id: str, at: datetime) -> None:
        """See `ISecrets`."""
        self._changed(id, used_at=at)

    def forget(self, login: str) -> None:
        """See `ISecrets`."""
        self._passwords.pop(login, None)
        self._tokens = {token.id: token for token in self._tokens.values() if token.login != login}

    def _changed(self, id: str, **fields: datetime) -> Token | None:
        if id in self._tokens:
            self._tokens[id] = evolve(self._tokens[id], **fields)  # type: ignore[arg-type]
        return self._tokens.get(id)
