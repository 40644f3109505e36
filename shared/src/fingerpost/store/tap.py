"""Wires the store daemon: engine, threads, sources, feed, and the sockets that answer."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IStreamServerEndpoint

from fingerpost.ops.access import LogConfig
from fingerpost.ops.metrics import Metrics
from fingerpost.ops.notify import Notifier
from fingerpost.ops.operated import Operated
from fingerpost.ops.requests import Requests
from fingerpost.ops.services import Listening, Periodic, endpoints
from fingerpost.ops.sockets import inherited
from fingerpost.ops.storemetrics import StoreMetrics
from fingerpost.store import expiry, following
from fingerpost.store.accounts.accounts import Accounts
from fingerpost.store.accounts.trust import Trust
from fingerpost.store.administering import AdminSocket
from fingerpost.store.commits import Commits
from fingerpost.store.configuration import Listen, StoreConfig
from fingerpost.store.disclosing import Disclosing
from fingerpost.store.following import Following
from fingerpost.store.readings import Readings
from fingerpost.store.responders import ReadSocket, SocketFactory
from fingerpost.store.store import Store
from fingerpost.store.threads import Threads
from fingerpost.store.writing import WriteSocket

__all__ = ["Config", "make"]

Config = StoreConfig

_UPGRADE_SECONDS = 300.0  # that a large database may take to be brought to a newer schema
_SOCKETS = {"read": ReadSocket, "write": WriteSocket, "admin": AdminSocket}
_MODES = {"read": 660, "write": 660, "admin": 600}


class StoreService(Operated):
    """The store daemon; making one raises `EngineRefused` where its database can't be used."""

    _times_replaced = 0
    _is_being_replaced = False
    live = ("sources", "trusted_peers", "disclosure", "proofs")

    def __init__(self, config: StoreConfig, reactor: Any, metrics: Metrics) -> None:
        super().__init__(config)
        readers, writing = Threads(reactor, "store-read", 2), Threads(reactor, "store-write")
        reading = self._readings = Readings(readers, reactor)
        looking = self._looking = Threads(reactor, "store-sources")
        aside = [Threads(reactor, "store-passwords"), Threads(reactor, "store-copies")]
        Notifier(os.environ.get("NOTIFY_SOCKET")).extend(_UPGRADE_SECONDS)
        self.store = Store(config.open_engine(), reactor, reading, writing, config.keep_changes)
        self._threads = (readers, writing)
        self._metrics = StoreMetrics(metrics.registry, lambda: self.store.feed.revision)
        self._commits = self.store.committed = Commits(self._metrics)
        requests = Requests(reactor, metrics, "finger-store", LogConfig())
        self.store.hold()  # until the sources were read: the first to ask must not hear "no such user"
        self._following = Following(self.store, looking, config.make_sources())
        self._disclosing = Disclosing(self.store, reading, writing, config.disclosure)
        self._accounts = Accounts(self.store, config.proofs, reactor, reading, writing, *aside)
        self._accounts.proving.counted = self._metrics.proof
        self._accounts.administration.replacing = self._replacing
        self._accounts.administration.replaced = self._replaced
        self._factories = {
            name: SocketFactory(socket, self.store, self._accounts.proving, reactor, requests)
            for name, socket in _SOCKETS.items()
        }
        self._factories["admin"].administration = self._accounts.administration
        self._trust(Trust.in_users(config.trusted_peers))
        # Stopped from the last to the first: nobody new, no more work, nobody left, no reader, and then the engine.
        parts: list[Service] = [writing, Closing(self.store), readers, *aside, looking]
        parts += [
            Farewell(self.store, self._factories.values()),
            Periodic(
                reactor, expiry.LOOK_EVERY, "Ending expired statuses", lambda: expiry.end_expired(self.store, reading)
            ),
            Periodic(reactor, following.LOOK_EVERY, "Looking at the sources", self._look),
        ]
        parts += [
            Listening(places, self._factories[name])
            for name in _SOCKETS
            if (places := _places(reactor, config.listen, name))
        ]
        for part in parts:
            part.setServiceParent(self)

    async def _look(self) -> None:
        since = self._times_replaced
        try:
            await self._following.look()
            self._metrics.sources(self._following.readable)
        finally:
            await self._disclosing.look()
            if since == self._times_replaced and not self._is_being_replaced:
                self.store.release()

    def _replacing(self) -> None:
        """Another database is about to take the place of this one: nobody goes on with what was."""
        self._is_being_replaced = True
        self.store.hold()
        for name in ("read", "write"):
            self._factories[name].disconnect()

    def _replaced(self) -> None:
        """Nobody is let in before what is there now is in step with the sources and the site."""
        self._is_being_replaced = False
        self._times_replaced += 1
        self._following.replace(self.config.make_sources())
        self._disclosing.again()

    def describe(self) -> str:
        """See `IOperated`."""
        return self.trouble() or f"At revision {self.store.feed.revision}"

    def trouble(self) -> str | None:
        """See `IOperated`."""
        if self._commits.trouble:
            return f"No status can be written: {self._commits.trouble}"
        return self._readings.trouble

    async def alive(self) -> bool:
        """See `IOperated`: the threads that read and write the database have to answer."""
        await gatherResults([threads.run(bool) for threads in self._threads])
        return True

    def stopService(self) -> Deferred[None]:
        """See `IService`."""
        self._following.stop()
        return super().stopService()

    def reconfigured(self, config: StoreConfig, prepared: None) -> None:
        """See `Operated`."""
        self._looking.run(Trust.in_users, config.trusted_peers).addCallback(self._trust)
        self._following.replace(config.make_sources())
        self._disclosing.take_up(config.disclosure)
        self._accounts.configure(config.proofs)

    def _trust(self, found: tuple[Trust, list[str]]) -> None:
        trust, unknown = found
        for name in unknown:
            self._log.info("trusted_peers: there is no user '{name}' on this machine", name=name)
        self._accounts.trust(trust)


def _places(reactor: Any, listen: Listen, name: str) -> list[IStreamServerEndpoint]:
    """Where a socket is. Where others were configured, and this one was neither that nor passed, it is nowhere."""
    given: Sequence[str] | None = getattr(listen, name)
    if given is None and name not in inherited(os.environ) and listen != Listen():
        return []
    default = f"unix:/run/fingerpost/{name}.sock:mode={_MODES[name]}:backlog=1024"
    return endpoints(reactor, given, name, default)


class Farewell(Service):
    """When stopped, lets writes that were begun be answered, and then ends every connection: clients come back."""

    def __init__(self, store: Store, factories: Iterable[SocketFactory]) -> None:
        self._store = store
        self._factories = factories

    def stopService(self) -> Deferred[None]:
        """See `IService`."""
        super().stopService()
        return self._store.finish().addCallback(lambda _: self._end())

    def _end(self) -> None:
        for factory in self._factories:
            factory.disconnect()


class Closing(Service):
    """Closes the engine when stopped, behind everything that uses it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def stopService(self) -> Deferred[Any]:
        """See `IService`."""
        super().stopService()
        return self._store.close()


make = StoreService
