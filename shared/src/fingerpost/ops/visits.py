"""Connections that ask once and are answered once: admission, deadline, answer, and a close that cuts nothing off.

Finger and the setter are both such protocols. Twisted's `TimeoutMixin` and `LimitConnectionsByPeer` are not used: a
timer for each connection costs more than the answer, and the latter closes without a word and knows no networks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Coroutine
from typing import Any, ClassVar

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IHalfCloseableProtocol, IReactorTime
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from fingerpost.ops.draining import Drain
from fingerpost.ops.limits import Admission, Limits, whose
from fingerpost.ops.outcomes import Outcome
from fingerpost.ops.requests import Requests

__all__ = ["Answer", "Visit", "VisitFactory"]


@frozen
class Answer:
    """What is sent, what became of the request by that, and whom it was about."""

    body: bytes
    outcome: Outcome = Outcome.ANSWERED
    about: str = ""


@implementer(IHalfCloseableProtocol)
class Visit(Protocol):
    """One client, who sends a request and gets an answer.

    Subclasses decide in `inputReceived` when the request is whole, and then call `answer` once. After the
    answer the server closes its side, and reads on until the client closes too: a close with unread input
    would make the kernel reset the connection, and the client lose the end of the answer.
    """

    log: ClassVar[Logger] = Logger()

    factory: VisitFactory
    transport: Any
    key: str | None = None
    peer: str = ""
    refusal: str | None = None

    def __init__(self) -> None:
        self.input = b""
        self.answering = False
        self.answered = False
        self._input_ended = False

    def inputReceived(self, ended: bool) -> None:
        """There is more in `self.input`, or (`ended`) no more will come."""
        raise NotImplementedError

    def refusing(self, sentence: str) -> bytes:
        """A refusal in this protocol's own words."""
        raise NotImplementedError

    def answer(self, answer: Coroutine[Any, Any, Answer]) -> None:
        """Take no more input; send what is awaited, and close."""
        self.answering = True
        since = (self.factory.requests.now(),)
        Deferred.fromCoroutine(answer).addCallbacks(self._answered, self._failed, since, {}, since, {})

    def refuse(self, sentence: str) -> None:
        """Turn the client away with a sentence."""
        self.factory.requests.refused()
        self.finish(self.refusing(sentence))

    def finish(self, answer: bytes) -> None:
        """Send an answer and close this side of the connection."""
        self.answering = self.answered = True
        if not self.connected:
            return
        self.factory.renew(self)
        self.transport.write(answer)
        if self._input_ended:
            self.transport.loseConnection()
        else:
            self.transport.loseWriteConnection()

    def connectionMade(self) -> None:
        """A client has come, and is refused if there are too many."""
        if self.refusal is not None:
            self.refuse(self.refusal)

    def dataReceived(self, data: bytes) -> None:
        """More input; once an answer is under way it is read and dropped."""
        if not self.answering:
            self.input += data
            self.inputReceived(ended=False)

    def readConnectionLost(self) -> None:
        """The client has closed its side, and may still be reading."""
        self._input_ended = True
        if self.answered:
            self.transport.loseConnection()
        elif not self.answering:
            self.inputReceived(ended=True)

    def writeConnectionLost(self) -> None:
        """Our side is closed; the client's end of input ends the connection."""

    def connectionLost(self, reason: Any = None) -> None:
        """The connection is gone, and an answer that comes now has nowhere to go."""
        self.connected = 0
        self.factory.left(self)

    def expired(self) -> None:
        """The client took too long: to ask, or to take the answer and close."""
        if self.answered:
            self.transport.abortConnection()
        elif not self.answering:
            self.refuse("You took too long to ask; please try again.")

    def _answered(self, answer: Answer, since: float) -> None:
        self.factory.requests.done(since, answer.outcome, self.peer, answer.about)
        self.finish(answer.body)

    def _failed(self, failure: Failure, since: float) -> None:
        """Only a defect comes here: whatever can be expected was an answer already."""
        self.factory.requests.done(since, Outcome.FAILED, self.peer)
        if not failure.check(ConnectionLost, ConnectionDone):
            self.log.failure("A request could not be answered", failure)
        self.finish(self.refusing("Something went wrong here; it has been logged."))


class VisitFactory(Factory):
    """Lets visits in, and ends those that take too long.

    `deadline` is in seconds, for the request and again for the close. Who is refused gets a sentence and a second
    to read it, but only as many at a time as are let in: the next ones are turned away without.
    """

    protocol: type[Visit]  # type: ignore[assignment]
    noisy = False
    deadline = 10.0
    refused_deadline = 1.0

    def __init__(self, reactor: IReactorTime, limits: Limits, requests: Requests) -> None:
        self.requests = requests
        self.admission = Admission(limits, reactor, requests.full)
        self._clock = reactor
        self._since: dict[Visit, float] = {}
        self._sweeping = LoopingCall(self._sweep)
        self._sweeping.clock = reactor
        self._refused: Counter[str | None] = Counter()
        self._drain = Drain(reactor, self._since)

    def startFactory(self) -> None:
        """Begin to look for visits that take too long."""
        if not self._sweeping.running:
            self._sweeping.start(1.0, now=False)

    def buildProtocol(self, addr: Any) -> Any:
        """See `IProtocolFactory`."""
        visit = self.protocol()
        visit.factory = self
        visit.peer, visit.key = whose(addr)
        visit.refusal = self.admission.enter(visit.key)
        if visit.refusal is not None and not self._may_hear_why(visit.key):
            self.requests.refused()
            return None
        self.renew(visit)
        return visit

    def _may_hear_why(self, key: str | None) -> bool:
        limits = self.admission.limits
        if (
            self._refused[key] >= (limits.per_address or 10)
            or self._refused.total() >= (limits.total or 1000) // 10 + 1
        ):
            return False
        self._refused[key] += 1
        return True

    def renew(self, visit: Visit) -> None:
        """Give a visit its time (again)."""
        self._since[visit] = self._clock.seconds()

    def left(self, visit: Visit) -> None:
        """A visit has ended."""
        if self._since.pop(visit, None) is not None:
            if visit.refusal is None:
                self.admission.leave(visit.key)
            else:
                self._refused[visit.key] -= 1
                self._refused += Counter()  # forgets those at 0
        self._drain.left()

    def drain(self, seconds: float) -> Deferred[None]:
        """Fires when every visit has ended, which it is made to after `seconds`."""
        return self._drain.wait(seconds).addBoth(self._rest)

    def _rest(self, _: object) -> None:
        if self._sweeping.running:
            self._sweeping.stop()

    def _sweep(self) -> None:
        now = self._clock.seconds()
        for visit, since in tuple(self._since.items()):
            if now - since >= (self.deadline if visit.refusal is None else self.refused_deadline):
                visit.expired()
