"""The AMP socket for people with a login on this machine: what a connection may send, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import define, field
from fingerpost.client import StoreClient
from fingerpost.errors import FingerpostError
from fingerpost.ops.limits import Admission
from fingerpost.ops.outcomes import Outcome
from fingerpost.ops.requests import Requests
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHalfCloseableProtocol, IReactorTime
from twisted.internet.protocol import ServerFactory
from twisted.logger import Logger
from twisted.protocols.amp import AmpBox, BinaryBoxProtocol, IBoxReceiver
from twisted.protocols.policies import TimeoutMixin
from twisted.python.failure import Failure
from zope.interface import implementer

from fingerpost_finger.setter.boxes import Malformed, Question, question
from fingerpost_finger.setter.permission import Asker, Prove
from fingerpost_finger.setter.relay import RELAYED, Relay

__all__ = ["IDLE", "MAX_BOX", "MOST_CALLS", "PeopleFactory", "PeopleSocket"]

IDLE = 60  # seconds without a question
MAX_BOX = 128 * 1024  # bytes; the longest that anybody has to say, a plan, is half of that at most
MOST_CALLS = 100  # under way at once on one connection


@implementer(IBoxReceiver, IHalfCloseableProtocol)
class PeopleSocket(BinaryBoxProtocol, TimeoutMixin):
    """One person's connection."""

    _log = Logger()

    transport: Any
    _key: str | None
    _relay: Relay

    def __init__(self, factory: PeopleFactory) -> None:
        super().__init__(self)
        self.factory: PeopleFactory = factory
        self._unfinished = 0  # bytes of a box that is not whole
        self._calls = 0
        self._over = False

    def startReceivingBoxes(self, boxSender: object) -> None:
        """See `IBoxReceiver`."""
        uid = self.factory.identify(self.transport)
        self._key = self.factory.key(self.transport)
        self._relay = Relay(self.factory.store, self.factory.prove, Asker(uid))
        self.transport.registerProducer(self.transport, True)  # who does not read what is sent is not read from either
        self.factory.connections.add(self)
        self.setTimeout(IDLE)

    def stopReceivingBoxes(self, reason: object) -> None:
        """See `IBoxReceiver`."""
        self._over = True
        self.setTimeout(None)
        self.factory.connections.discard(self)

    def finish(self) -> None:
        """Take no more questions; answer those that are under way, and close."""
        self._over = True
        self._leave_if_done()

    def readConnectionLost(self) -> None:
        """See `IHalfCloseableProtocol`: the client has said all, and may still be reading."""
        self.finish()

    def writeConnectionLost(self) -> None:
        """See `IHalfCloseableProtocol`."""

    def callLater(self, period: float, func: Callable[[], None]) -> Any:
        """See `TimeoutMixin`."""
        return self.factory.clock.callLater(period, func)

    def timeoutConnection(self) -> None:
        """See `TimeoutMixin`."""
        self._over = True
        self.transport.abortConnection()

    def dataReceived(self, data: bytes) -> None:
        """See `Protocol`."""
        if self._over:
            return
        self._unfinished += len(data)
        super().dataReceived(data)
        if self._unfinished > MAX_BOX:
            self._refuse(f"it sent a question of more than {MAX_BOX} bytes")

    def lengthLimitExceeded(self, length: int) -> None:
        """See `BinaryBoxProtocol`."""
        self._refuse("what it sent is not AMP")

    def ampBoxReceived(self, box: AmpBox) -> None:
        """See `IBoxReceiver`."""
        self._unfinished = 0
        if self._over:
            return
        self.resetTimeout()
        try:
            asked = question(box, RELAYED)
        except Malformed:
            self._refuse("what it sent is no question")
            return
        if self._calls == MOST_CALLS:
            self._refuse(f"it asked more than {MOST_CALLS} questions at once")
            return
        self._calls += 1
        Deferred.fromCoroutine(self._answer(asked)).addErrback(self._failed).addCallback(self._answered)

    async def _answer(self, asked: Question) -> None:
        requests, about, error = self.factory.requests, "", None
        since = requests.now()
        try:
            self._admit()
            arguments = asked.arguments()
            about = arguments.get("name", "")
            box = asked.answer(await self._relay.ask(asked.command, arguments))
        except FingerpostError as refused:
            error = refused
            box = asked.refusal(refused)
        requests.done(since, Outcome.of(error), about=about)
        self.sendBox(box)

    def _admit(self) -> None:
        refusal = self.factory.admission.request(self._key)
        if refusal is not None:
            raise FingerpostError(refusal)

    def _failed(self, failure: Failure) -> None:
        """Only a defect comes here: whatever can be expected was an answer already."""
        self._log.failure("A question could not be answered", failure)
        self._refuse("of a defect")

    def _answered(self, _: None) -> None:
        self._calls -= 1
        self._leave_if_done()

    def _leave_if_done(self) -> None:
        if self._over and not self._calls:
            self.transport.unregisterProducer()
            self.transport.loseConnection()

    def _refuse(self, why: str) -> None:
        """Disconnect somebody who asks for too much or breaks the protocol."""
        if not self._over:
            self._over = True
            self.factory.requests.refused()
            self._log.info("{key} was disconnected: {why}", key=self._key or "A local client", why=why)
            self.transport.abortConnection()


@define(eq=False)
class PeopleFactory(ServerFactory):
    """Makes a connection for each person. `identify` finds the uid behind a transport."""

    clock: IReactorTime
    store: StoreClient
    prove: Prove
    identify: Callable[[Any], int | None]
    admission: Admission
    requests: Requests
    noisy: bool = False
    connections: set[PeopleSocket] = field(factory=set, init=False)

    def buildProtocol(self, addr: object) -> Any:
        """See `IProtocolFactory`."""
        return PeopleSocket(self)

    def key(self, transport: Any) -> str | None:
        """Who is limited together: the processes of a user."""
        uid = self.identify(transport)
        return None if uid is None else f"uid {uid}"

    def finish(self) -> None:
        """Have every connection end once its questions are answered."""
        for connection in tuple(self.connections):
            connection.finish()
