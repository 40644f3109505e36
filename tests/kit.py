"""What several tests need: a store in memory, and frontends connected to it without sockets or real time."""

from __future__ import annotations

import os
from collections.abc import Coroutine
from typing import Any, TypeVar

from fingerpost.client import StoreClient
from fingerpost.interfaces import NewStatus, Proof
from fingerpost.ops.access import LogConfig
from fingerpost.ops.metrics import Metrics, new_registry
from fingerpost.ops.requests import Requests
from fingerpost.replica import Replica
from fingerpost.store.accounts.accounts import Accounts, ProofsConfig
from fingerpost.store.accounts.passwords import Argon2Config
from fingerpost.store.accounts.trust import Trust
from fingerpost.store.engine.memory import MemoryEngine
from fingerpost.store.interfaces import IEngine
from fingerpost.store.responders import ReadSocket, SocketFactory
from fingerpost.store.store import Store
from fingerpost.store.threads import AtOnce
from fingerpost.store.writing import WriteSocket
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectError, ConnectionLost
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.test.iosim import IOPump, connect, makeFakeClient, makeFakeServer
from zope.interface import implementer

T = TypeVar("T")


def metrics() -> Metrics:
    """What a process tells Prometheus."""
    return Metrics(new_registry())


def requests(clock: Any, service: str = "finger") -> Requests:
    """What a service tells of its requests."""
    return Requests(clock, metrics(), service, LogConfig())


def counted(requests: Requests) -> dict[str, int]:
    """How many requests had which outcome."""
    samples = [sample for family in requests.metrics.registry.collect() for sample in family.samples]
    return {
        sample.labels["outcome"]: int(sample.value)
        for sample in samples
        if sample.name == "fingerpost_requests_total" and sample.value
    }


CHEAP = ProofsConfig(argon2=Argon2Config(time_cost=1, memory_cost=64, parallelism=1))


def said(text: str, via: str = "cli") -> NewStatus:
    """A status to set."""
    return NewStatus(text, via)


def peer(login: str) -> Proof:
    """The proof of a process that may act for a login."""
    return Proof("peer", login)


@implementer(IStreamClientEndpoint)
class House:
    """A store, and endpoints through which clients reach its write socket while `open`."""

    def __init__(self, engine: IEngine | None = None, keep_changes: int = 100_000) -> None:
        self.clock = Clock()
        self.clock.advance(1_000_000_000)
        self.open = True
        self.pumps: list[IOPump] = []
        self.protocol: type[ReadSocket] = WriteSocket
        self.uid: int | None = os.geteuid()
        self.requests = requests(self.clock, "finger-store")
        self.start(engine or MemoryEngine(), keep_changes)

    def start(self, engine: IEngine, keep_changes: int = 100_000) -> None:
        """Start a store (again) on an engine."""
        at_once: Any = AtOnce()
        self.store = Store(engine, self.clock, at_once, at_once, keep_changes)
        self.accounts = Accounts(self.store, CHEAP, self.clock, at_once, at_once, at_once, at_once)
        self.accounts.trust(Trust(frozenset({os.geteuid()})))
        self.open = True

    def factory(self, protocol: type[ReadSocket]) -> SocketFactory:
        """What answers on one of the store's sockets."""
        proving, administration = self.accounts.proving, self.accounts.administration
        return SocketFactory(
            protocol, self.store, proving, self.clock, self.requests, lambda transport: self.uid, administration
        )

    def connect(self, protocolFactory: Any) -> Deferred[Any]:
        """See `IStreamClientEndpoint`."""
        if not self.open:
            return fail(ConnectError())
        factory = self.factory(self.protocol)
        server, client = factory.buildProtocol(None), protocolFactory.buildProtocol(None)
        self.pumps.append(connect(server, makeFakeServer(server), client, makeFakeClient(client), greet=False))
        return succeed(client)

    def stop(self) -> None:
        """Break every connection and take no more."""
        self.open = False
        for pump in self.pumps:
            pump.client.connectionLost(Failure(ConnectionLost()))
            pump.server.connectionLost(Failure(ConnectionLost()))
        self.pumps = []

    def turn(self, seconds: float = 0.0) -> None:
        """Let everything happen that can happen now, or in so many seconds."""
        self.clock.advance(seconds)
        for _ in range(50):
            self.clock.advance(0)
            moved = [pump.pump() for pump in self.pumps]
            if not any(moved) and not any(call.getTime() <= self.clock.seconds() for call in self.clock.calls):
                return

    def client(self) -> StoreClient:
        """A started client of the store."""
        client = StoreClient(self.clock, self, "test")
        client.startService()
        self.turn()
        return client

    def replica(self, capacity: int = 1000) -> Replica:
        """A replica of its own connection, loaded as far as it can be."""
        client = StoreClient(self.clock, self, "test")
        replica = Replica(client, capacity)
        client.startService()
        self.turn()
        return replica

    def result(self, work: Coroutine[Any, Any, T], seconds: float = 0.0) -> T:
        """What a coroutine returns or raises, once everything that can happen has."""
        results: list[Any] = []
        Deferred.fromCoroutine(work).addBoth(results.append)
        for step in (0.0, seconds / 2, seconds / 2):
            self.turn(step)
        if not results:
            raise AssertionError("the coroutine is still waiting")
        if hasattr(results[0], "raiseException"):
            results[0].raiseException()
        found: T = results[0]
        return found
