"""The records that a frontend answers from: in memory, kept current by the store's feed.

While every record fits, the replica is *complete* and says by itself that somebody does not exist. Beyond that it keeps
the ones used last and asks the store for the others. When the store is away it goes on answering what it knows.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from zope.interface import implementer

from fingerpost import wire
from fingerpost.client import StoreClient
from fingerpost.connection import Connection
from fingerpost.directory import Directory
from fingerpost.disclosure import Site
from fingerpost.errors import NoSuchUser, Resync, TemporarilyUnavailable
from fingerpost.interfaces import IStatuses, Page
from fingerpost.model import Change, Record, Status
from fingerpost.names import fold
from fingerpost.ops.events import Event

__all__ = ["Replica"]

_PAGE = 1000


@implementer(IStatuses)
class Replica:
    """See `IStatuses`. `capacity` is the number of records kept."""

    _log = Logger()

    def __init__(self, client: StoreClient, capacity: int = 50_000) -> None:
        self.complete = False
        self.stale = True
        self.revision = 0
        self.epoch = ""
        self.loads = 0
        self._client = client
        self._stale_since = client.clock.seconds()
        self._capacity = capacity
        self._directory = Directory()
        self._recent: OrderedDict[str, None] = OrderedDict()  # logins by use, where not all records fit
        self._missing: OrderedDict[str, None] = OrderedDict()  # names the store did not know
        self._asking = 0  # questions under way at the store
        self._meanwhile: dict[str, Change] = {}  # changes heard since the first of them
        self._listeners: list[Callable[[Change], None]] = []
        client.connected = self._connected
        client.lost = self._lost

    def __len__(self) -> int:
        return len(self._directory)

    def age(self) -> float:
        """For how many seconds the records may have been out of date; 0 while they are current."""
        return self._client.clock.seconds() - self._stale_since if self.stale else 0.0

    @property
    def site(self) -> Site:
        """See `IStatuses`."""
        return self._client.site

    async def get(self, name: str) -> Record:
        """See `IStatuses`."""
        name = fold(name)
        if self.complete:
            record = self._directory.get(name)
            if record is None:
                raise NoSuchUser
            return record
        known = self._directory.change(name)  # an alias might be another one's too, which only the store can tell
        if known is None or known.record is None:
            return await self._ask(name)
        self._used(name)
        return known.record

    async def find(self, text: str, limit: int) -> list[Record]:
        """See `IStatuses`."""
        if self.complete:
            return self._directory.find(text, limit)
        return _records(await self._client.find(text, limit))

    async def latest(self, after: str, limit: int) -> Page:
        """See `IStatuses`."""
        if not self.complete:
            changes, following = await self._client.page(after, limit, "latest")
            return Page(_records(changes), following)
        return self._directory.latest_page(after, limit)

    async def history(self, name: str, before: datetime | None, limit: int) -> list[Status]:
        """See `IStatuses`; history is not kept here, so it needs the store, and nobody waits for one that is away."""
        if self.stale and self.loads:
            raise TemporarilyUnavailable
        return await self._client.history(name, before, limit)

    def watch(self, heard: Callable[[Change], None]) -> Callable[[], None]:
        """See `IStatuses`."""
        self._listeners.append(heard)
        return lambda: self._listeners.remove(heard)

    # Where not every record fits

    async def _ask(self, name: str) -> Record:
        """Ask the store. Changes that arrive meanwhile are newer than its answer."""
        if name in self._missing:
            raise NoSuchUser
        self._asking += 1
        try:
            change = await self._client.change(name)
            self._keep(self._meanwhile.get(change.login, change))
        except NoSuchUser:
            if not any(name in _names(change) for change in self._meanwhile.values()):
                self._missing[name] = None
                while len(self._missing) > self._capacity:
                    self._missing.popitem(last=False)
            raise
        finally:
            self._asking -= 1
            if not self._asking:
                self._meanwhile.clear()
        newest = self._directory.change(change.login) or change
        if newest.record is None:
            raise NoSuchUser
        return newest.record

    def _keep(self, change: Change) -> None:
        if self._directory.apply(change) and change.record is not None:
            self._used(change.login)

    def _used(self, login: str) -> None:
        """Note that a record was wanted, and drop those that were not for longest, where not all fit."""
        if self.complete:
            return
        self._recent[login] = None
        self._recent.move_to_end(login)
        while len(self._recent) > self._capacity:
            self._directory.discard(self._recent.popitem(last=False)[0])

    # The feed

    def _connected(self, connection: Connection) -> None:
        connection.follow(self._heard)
        Deferred.fromCoroutine(self._follow(connection)).addErrback(self._could_not_follow, connection)

    def _lost(self) -> None:
        if not self.stale:
            self.stale = True
            self._stale_since = self._client.clock.seconds()

    async def _follow(self, connection: Connection) -> None:
        """Go on from where we were, or load afresh where the store is another one or has moved on too far."""
        if self.epoch == connection.epoch and self.revision <= connection.revision and self.loads:
            try:
                await self._subscribe(connection)
            except Resync:
                self._log.info("The store's log no longer reaches back to revision {r}", r=self.revision)
            else:
                return
        await self._load(connection)
        await self._subscribe(connection)

    async def _subscribe(self, connection: Connection) -> None:
        await connection.ask(wire.Subscribe, epoch=connection.epoch, since=self.revision)
        self.stale = False

    async def _load(self, connection: Connection) -> None:
        """Read every record, or as many as fit; what was known is answered until then."""
        loaded = Directory()
        after, complete = "", False
        while not complete and len(loaded) < self._capacity + 1:
            changes, after = await connection.page(after, _PAGE, "name")
            for change in changes:
                loaded.apply(change)
            complete = not changes or not after
        complete = complete and len(loaded) <= self._capacity
        if not complete:
            for login in [change.login for change in loaded][self._capacity :]:
                loaded.discard(login)
        before, self._directory = self._directory, loaded
        self._recent = OrderedDict() if complete else OrderedDict((change.login, None) for change in loaded)
        self._missing.clear()
        self.complete, self.epoch, self.revision = complete, connection.epoch, connection.revision
        self.loads += 1
        self._log.info(
            "Loaded {n} records, {kind}",
            n=len(loaded),
            kind="all there are" if complete else "not all",
            finger_service=self._client.name,
            message_id=Event.RECORDS_RELOADED if self.loads > 1 else None,
        )
        if self.loads > 1:
            self._tell_difference(before)

    def _tell_difference(self, before: Directory) -> None:
        """After another load, those who watch hear of what is different from what they knew."""
        for change in list(self._directory):
            old = before.change(change.login)
            if old is None or old.record != change.record:
                self._tell(change)
        if self.complete:
            for change in before:
                if change.login not in self._directory:
                    self._tell(Change(self.revision, change.login, None))

    def _could_not_follow(self, failure: Any, connection: Connection) -> None:
        """Without a subscription the connection is of no use: drop it, and begin again with the next one."""
        if not failure.check(TemporarilyUnavailable, Resync):
            self._log.failure("The store's records could not be loaded", failure)
        connection.drop()

    def _heard(self, first: int, last: int, changes: Sequence[Change]) -> None:
        if first > self.revision + 1:
            raise Resync(f"revisions {self.revision + 1} to {first - 1} were never sent")
        for change in changes:
            if change.revision > self.revision:
                self._apply(change)
        self.revision = max(self.revision, last)

    def _apply(self, change: Change) -> None:
        if self._asking:
            self._meanwhile[change.login] = change
        if self._missing:
            self._forget_misses(change)
        if self.complete or change.login in self._directory:
            self._keep(change)
            if self.complete and len(self._directory) > self._capacity:
                self._outgrow()
        self._tell(change)

    def _forget_misses(self, change: Change) -> None:
        """An alias that is given, or no longer shared, may name somebody now."""
        if change.record is None or change.record.person.aliases:
            self._missing.clear()
        self._missing.pop(change.login, None)

    def _outgrow(self) -> None:
        """There are more records now than fit: keep the ones used from here on."""
        self.complete = False
        self._recent = OrderedDict((change.login, None) for change in self._directory)
        self._used(next(reversed(self._recent)))

    def _tell(self, change: Change) -> None:
        for heard in tuple(self._listeners):
            heard(change)


def _names(change: Change) -> set[str]:
    """What the changed person may be asked for by."""
    aliases = () if change.record is None else change.record.person.aliases
    return {change.login, *map(fold, aliases)}


def _records(changes: Sequence[Change]) -> list[Record]:
    return [change.record for change in changes if change.record is not None]
