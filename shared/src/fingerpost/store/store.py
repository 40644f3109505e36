"""The store itself: what the daemon answers and changes, apart from any protocol."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from fingerpost.codec import dump
from fingerpost.disclosure import disclosed, disclosed_status
from fingerpost.errors import NoSuchUser, NotAccepted, Resync
from fingerpost.explanation import Explanation, explanation
from fingerpost.model import Audience, Status
from fingerpost.names import fold, words
from fingerpost.store.accounts.grants import Grant
from fingerpost.store.batches import Batches
from fingerpost.store.dossier import Dossier
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
        self._reactor = reactor
        self._reading = reading
        self._writing = writing
        self._keep = keep_changes
        self._follow_engine()
        self._gets: Batches[str, Framed | None] = Batches(reactor, self._read)
        self._writes: Batches[Write, Framed] = Batches(reactor, self._commit)
        self.committed: Callable[[float, Sequence[object]], None] = lambda seconds, outcomes: None
        self._open = True
        self._held: list[Deferred[None]] | None = None

    def hold(self) -> None:
        """Let those who come wait until `release`: what they would be told now is not yet true."""
        if self._held is None:
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

    async def seen(self, name: str, grant: Grant) -> Framed:
        """The record as whoever has the grant may see it; raises `NoSuchUser`."""
        dossier, asker = await self._dossier(name, grant)
        record = dossier.record()
        if record is not None and asker is not None:
            record = disclosed(record, dossier.visibility, self.engine.site, asker)
        if record is None:
            raise NoSuchUser
        return Framed(self.feed.revision, dossier.login, dump(record))

    async def history(self, name: str, before: datetime | None, limit: int, grant: Grant | None = None) -> list[Status]:
        """Past statuses of a login or alias, as whoever has the grant may see them; raises `NoSuchUser`."""
        dossier, asker = await self._dossier(name, grant)
        said = await self._reading.run(self.engine.history, dossier.login, before, min(_at_most(limit), 50))
        if asker is None:
            return said
        shown = (disclosed_status(status, dossier.visibility, self.engine.site, asker) for status in said)
        return [status for status in shown if status is not None]

    async def explain(self, name: str, asker: Audience) -> Explanation:
        """What an asker is shown of a login or alias; raises `NoSuchUser`."""
        dossier = await self._whole(name)
        record = dossier.record()
        if record is None:
            raise NoSuchUser  # any more
        return explanation(record, dossier.visibility, self.engine.site, asker)

    async def _dossier(self, name: str, grant: Grant | None) -> tuple[Dossier, Audience | None]:
        """What is known of somebody, and as whom the grant asks (None: as one who may know everything).

        Who may not know everything is answered like anybody else: somebody hidden is nobody, and as fast.
        """
        if grant is not None and grant.knows(fold(name)):
            return await self._whole(name), None
        login = (await self.get(name)).login
        dossier = await self._reading.run(self.engine.dossier, login)
        if grant is None:
            return dossier, Audience.LOCAL
        return dossier, None if grant.knows(login) else Audience.MEMBER

    async def _whole(self, name: str) -> Dossier:
        """All that is known of a login, hidden or not, or of an alias; raises `NoSuchUser`."""
        dossier = await self._reading.run(self.engine.dossier, fold(name))
        if dossier.known:
            return dossier
        return await self._reading.run(self.engine.dossier, (await self.get(name)).login)

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

    async def restore(self, copy: Path) -> None:
        """Take the place of everything with a backup that was received. Whoever follows has to connect again."""
        await self._writing.run(self.engine.restore, copy)
        self._follow_engine()

    def _follow_engine(self) -> None:
        self.feed = Feed(self.engine.revision, self._older)
        self._untrimmed = 0  # writes since what is old was last forgotten

    def _older(self, since: int, limit: int) -> Deferred[list[Framed]]:
        return self._reading.run(self.engine.changes, since, limit)

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
        if any(isinstance(outcome, Framed) and outcome.alone for outcome in outcomes):
            self.feed.forget_tail()
        self.feed.publish(made)
        self._untrimmed += len(outcomes)
        if self._untrimmed > self._keep * 0.1:
            self._untrimmed = 0
            self._writing.run(self.engine.trim, self._keep).addErrback(
                lambda failure: self._log.failure("The change log could not be trimmed", failure)
            )
        return outcomes


def _at_most(limit: int) -> int:
    return max(1, min(limit, _MOST))
