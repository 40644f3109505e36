"""An engine that keeps everything in memory: for tests, and for people who want nothing kept."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import wraps
from threading import Lock
from typing import Any, TypeVar, cast

from zope.interface import implementer

from fingerpost.codec import dump
from fingerpost.directory import Cursor, Directory
from fingerpost.errors import FingerpostError, Resync
from fingerpost.model import Change, Record, Status
from fingerpost.store.dossier import Dossier, Entry
from fingerpost.store.interfaces import Framed, IEngine, Outcome, Write

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
        before = self._dossier(write.login)
        try:
            after = write.edit.apply(before)
        except FingerpostError as error:
            return error
        outcome = self._commit(before, after)
        if write.op_id:
            self._done[write.login, write.op_id] = outcome
        return outcome

    def _commit(self, before: Dossier, after: Dossier) -> Framed:
        login = after.login
        self._dossiers[login] = after
        if not after.kept:
            del self._dossiers[login]
        old, new = before.record(), after.record()
        if old == new:
            change = self._directory.change(login) or Change(self.revision, login, None)
            return _framed(change)
        self.revision += 1
        change = Change(self.revision, login, new)
        self._directory.apply(change)
        if new is not None and new.status is not None:
            self._history.setdefault(login, {})[new.status.set_at] = new.status
        self._log.append(_framed(change))
        return self._log[-1]

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
        oldest = self.revision - len(self._log)
        self._done = {key: done for key, done in self._done.items() if done.revision > oldest}
        return gone

    def close(self) -> None:
        """See `IEngine`."""
