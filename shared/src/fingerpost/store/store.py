"""The store itself: what the daemon answers and changes, apart from any protocol."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from fingerpost.errors import NoSuchUser, NotAccepted, Resync
from fingerpost.model import Status
from fingerpost.names import fold, words
from fingerpost.store.batches import Batches
from fingerpost.store.edits import Edit
from fingerpost.store.feed import Feed, Send, Subscription, fitting
from fingerpost.store.interfaces import Framed, IEngine, IThreads, Outcome, Write

__all__ = ["Store"]

_MOST = 1000  # records in one answer


class Store:
    """One engine, read and written on threads of their own, and the feed of its changes."""

    _log = Logger()

    def __init__(
        self,
        engine: IEngine,
        reactor: IReactorTime,
        reading: IThreads,
        writing: IThreads,
        keep_changes: int = 100_000,
    ) -> None:
        self.engine = engine
        self.feed = Feed(engine.revision, lambda since, limit: reading.run(engine.changes, since, limit))
        self._reactor = reactor
        self._reading = reading
        self._writing = writing
        self._keep = keep_changes
        self._trimmed_at = 0
        self._gets: Batches[str, Framed | None] = Batches(reactor, self._read)
        self._writes: Batches[Write, Framed] = Batches(reactor, self._commit)
        self.committed: Callable[[float, Sequence[object]], None] = lambda seconds, outcomes: None
        self._open = True
        self._held: list[Deferred[None]] | None = None

    def hold(self) -> None:
        """Let those who come wait until `release`: what they would be told now is not yet true."""
        self._held = []

    def release(self) -> None:
        """Let everybody in."""
        waiting, self._held = self._held or [], None
        for held in waiting:
            held.callback(None)

    def opened(self) -> Deferred[None]:
        """Fires when nothing is held back (any more)."""
        held: Deferred[None] = Deferred()
        if self._held is None:
            held.callback(None)
        else:
            self._held.append(held)
        return held

    def now(self) -> datetime:
        """The time of the reactor's clock, in UTC."""
        return datetime.fromtimestamp(self._reactor.seconds(), UTC)

    async def get(self, name: str) -> Framed:
        """The record of a login or unambiguous alias; raises `NoSuchUser`."""
        found = await self._gets.submit(fold(name))
        if found is None:
            raise NoSuchUser
        return found

    async def find(self, text: str, limit: int) -> list[Framed]:
        """People who match every word of a text, as many as fit into a page."""
        if not words(text):
            return []
        return fitting(await self._reading.run(self.engine.find, text, _at_most(limit)))

    async def by_name(self, after: str, limit: int) -> tuple[list[Framed], str | None]:
        """A page of everybody by login, and where the next one starts."""
        found = await self._reading.run(self.engine.by_name, after, _at_most(limit))
        page = fitting(found)
        more = len(page) < len(found) or len(found) == _at_most(limit)
        return page, page[-1].login if more else None

    async def latest(self, after: str, limit: int) -> tuple[list[Framed], str | None]:
        """A page of those who have a status, the latest first, and where the next one starts."""
        try:
            found = await self._reading.run(self.engine.latest, after, _at_most(limit))
        except ValueError:
            raise NotAccepted("after: this is not a cursor that a list returned") from None
        page = fitting(framed for framed, _ in found)
        more = len(page) < len(found) or len(found) == _at_most(limit)
        return page, found[len(page) - 1][1] if more else None

    async def history(self, name: str, before: datetime | None, limit: int) -> list[Status]:
        """Past statuses of a login or alias; raises `NoSuchUser`."""
        found = await self.get(name)
        return await self._reading.run(self.engine.history, found.login, before, min(_at_most(limit), 50))

    async def write(self, login: str, edit: Edit, op_id: str = "") -> Framed:
        """Make one edit durable; raises what the edit raises, or `TemporarilyUnavailable` where it can't be kept."""
        if not self._open:
            await Deferred()  # never: the connection is about to end, and the client asks again on its next one
        return await self._writes.submit(Write(login, edit, op_id))

    async def subscribe(self, epoch: str, since: int, send: Send, dropped: Callable[[], None]) -> Subscription:
        """Follow the feed from a cursor; raises `Resync` if it is another store's, lies ahead, or is too old."""
        if epoch != self.engine.epoch or since > self.feed.revision:
            raise Resync
        if since < self.feed.revision:
            await self.feed.behind(since)
        return self.feed.subscribe(since, send, dropped)

    def finish(self) -> Deferred[None]:
        """Begin no more writes; fires when those begun are answered."""
        self._open = False
        return self._writes.finish()

    def close(self) -> Deferred[Any]:
        """Close the engine, when nobody uses it any more."""
        return self._writing.run(self.engine.close)

    def _read(self, names: Sequence[str]) -> Deferred[Sequence[Framed | Exception | None]]:
        return self._reading.run(self.engine.read, names)

    def _commit(self, batch: Sequence[Write]) -> Deferred[Sequence[Framed | Exception]]:
        began = self._reactor.seconds()
        return self._writing.run(self.engine.write, batch, self.now()).addCallback(self._committed, began)

    def _committed(self, result: tuple[list[Outcome], list[Framed]], began: float) -> Sequence[Framed | Exception]:
        outcomes, made = result
        self.committed(self._reactor.seconds() - began, outcomes)
        self.feed.publish(made)
        if self.feed.revision - self._trimmed_at > self._keep * 1.1:
            self._trimmed_at = self.feed.revision - self._keep
            self._writing.run(self.engine.trim, self._keep).addErrback(
                lambda failure: self._log.failure("The change log could not be trimmed", failure)
            )
        return outcomes


def _at_most(limit: int) -> int:
    return max(1, min(limit, _MOST))
