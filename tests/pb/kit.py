"""A PB service in memory, and clients of it: Twisted's own, and one that sends whatever bytes it likes."""

from __future__ import annotations

from typing import Any

from fingerpost.disclosed import Disclosed
from fingerpost.interfaces import NewStatus, Proof
from fingerpost.lookups import Lookups, LookupsConfig
from fingerpost.model import Audience, Person
from fingerpost.ops.guard import Guard
from fingerpost.ops.limits import Admission, Limits
from fingerpost.testing import MemoryStatuses
from fingerpost_pb.answers import Answers
from fingerpost_pb.factory import StatusFactory
from fingerpost_pb.live import LiveStatuses
from fingerpost_pb.root import StatusRoot
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.spread import banana, pb
from twisted.test.iosim import FakeTransport, connect, makeFakeClient
from twisted.trial.unittest import SynchronousTestCase

from tests.kit import requests

UNLIMITED = Limits(rate=0, per_address=0, total=0)
GREETING = [b"version", 6]


def call(name: bytes, *arguments: Any, request: int = 1, target: Any = b"root", wanted: int = 1) -> list[Any]:
    """The expression that calls something."""
    return [b"message", request, target, name, wanted, [b"tuple", *arguments], [b"dictionary"]]


class Client:
    """Twisted's PB client, connected to a service."""

    def __init__(self, house: PbHouse) -> None:
        self.factory = pb.PBClientFactory()
        self.house = house
        address = IPv4Address("TCP", "192.0.2.1", 4711)
        server: Any = house.guard.buildProtocol(address)
        client = self.factory.buildProtocol(None)
        self.broker: Any = server.wrappedProtocol
        self.pump = connect(
            server, FakeTransport(server, isServer=True, peerAddress=address), client, makeFakeClient(client)
        )
        house.pumps.append(self.pump)
        house.turn()

    def call(self, name: str, *arguments: Any, **keywords: Any) -> Any:
        """What a call returns or raises."""
        asked = self.calling(name, *arguments, **keywords)
        self.house.turn()
        return self.house.case.successResultOf(asked)

    def calling(self, name: str, *arguments: Any, **keywords: Any) -> Deferred[Any]:
        """A call under way."""
        found: Deferred[Any] = self.factory.getRootObject()
        return found.addCallback(lambda root: root.callRemote(name, *arguments, **keywords))

    def refused(self, name: str, *arguments: Any, **keywords: Any) -> tuple[str, str]:
        """The class and the sentence of the error that a call is answered with."""
        asked = self.calling(name, *arguments, **keywords)
        self.house.turn()
        failure: Any = self.house.case.failureResultOf(asked)
        kind = failure.type if isinstance(failure.type, str) else failure.type.decode()
        module, _, name = kind.rpartition(".")
        self.house.case.assertEqual(module, "fingerpost_pb.errors")
        return name, failure.getErrorMessage()

    def leave(self) -> None:
        """Close the connection."""
        self.pump.client.transport.loseConnection()
        self.house.turn()


class Wire(StringTransport):
    """A transport that notes how it ends, and tells its producer when it is full."""

    aborted = False

    def abortConnection(self) -> None:
        self.aborted = True


class Stranger:
    """A client that sends bytes."""

    def __init__(self, house: PbHouse, wire: type[Wire] = Wire) -> None:
        self.wire: Any = wire(peerAddress=IPv4Address("TCP", "192.0.2.66", 4711))
        server: Any = house.guard.buildProtocol(self.wire.getPeer())
        self.protocol = server
        self.broker = server.wrappedProtocol
        self.protocol.makeConnection(self.wire)

    def send(self, *expressions: Any) -> None:
        """Send expressions in the dialect without vocabulary."""
        for expression in expressions:
            self.protocol.dataReceived(banana.encode(expression))

    def greet(self) -> None:
        """Do what a client does first."""
        self.send(b"none", GREETING)
        self.wire.clear()

    def got(self) -> list[Any]:
        """The expressions that have come."""
        found: list[Any] = []
        reader: Any = banana.Banana()
        reader.makeConnection(StringTransport())
        reader.currentDialect = b"none"
        reader.expressionReceived = found.append
        reader.dataReceived(self.wire.value())
        return found

    def lose(self) -> None:
        """The connection ends."""
        self.protocol.connectionLost(Failure(ConnectionDone()))

    @property
    def ended(self) -> bool:
        """Whether the server has closed the connection."""
        return self.wire.aborted or self.wire.disconnecting


class PbHouse:
    """A PB service over statuses in memory."""

    def __init__(
        self,
        case: SynchronousTestCase,
        limits: Limits = UNLIMITED,
        list_limit: int = 10,
    ) -> None:
        self.case = case
        self.clock = Clock()
        self.clock.advance(1_800_000_000)
        self.statuses = MemoryStatuses(self.clock)
        seen = Disclosed(self.statuses, Audience.WORLD)
        self.lookups = Lookups(seen, LookupsConfig())
        self.answers = Answers(self.lookups, LiveStatuses(seen, list_limit))
        self.requests = requests(self.clock, "finger-pb")
        self.admission = Admission(limits, self.clock)
        factory: Any = StatusFactory(self.clock, self.admission, self.requests, StatusRoot(self.answers.calls))
        self.factory = factory
        self.guard = Guard(self.clock, self.admission, self.requests, factory, factory.finish)
        self.pumps: list[Any] = []

    def turn(self, seconds: float = 0.0) -> None:
        """Let everything happen that can happen."""
        self.clock.advance(seconds)
        moved = True
        while moved:
            moved = sum(bool(pump.pump()) for pump in self.pumps) > 0

    def say(self, login: str, text: str) -> None:
        """Have somebody say something, one second later than what was said before."""
        self.clock.advance(1)
        proof = Proof("peer", login)
        change = self.statuses.set_status(login, NewStatus(text, "pb"), proof)
        if not text:
            change.close()
            change = self.statuses.clear_status(login, proof)
        self.case.successResultOf(Deferred.fromCoroutine(change))

    def keep_back(self, login: str, **audiences: Audience | None) -> None:
        """Have somebody say who may see what."""
        change = self.statuses.set_visibility(login, None, audiences, Proof("peer", login))
        self.case.successResultOf(Deferred.fromCoroutine(change))

    def add(self, login: str, text: str = "", **fields: Any) -> None:
        """Make a person known."""
        self.clock.advance(1)
        self.statuses.add(Person(login, **fields), text)

    @property
    def watches(self) -> int:
        """How many listen to the feed."""
        return len(self.statuses._listeners)
