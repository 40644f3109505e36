"""PB on the wire: Twisted's broker, which trusts whoever it talks to, made fit for strangers.

A client that breaks the protocol is disconnected with a sentence in the log; a call that goes wrong is answered with a
PB error; and nothing a client sends prints a traceback or takes more than its share.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from fingerpost.ops.limits import Admission, whose
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.spread import pb

from fingerpost_pb.backpressure import Backpressure
from fingerpost_pb.errors import BadCall, Defect, Malformed, Told, TooMany
from fingerpost_pb.expression import PlainValues, check

__all__ = ["FIRST_CALL", "MAX_EXPRESSION", "MOST_CALLS", "StatusBroker", "StatusFactory"]

MAX_EXPRESSION = (
    8192  # bytes: no call needs a tenth of it, and lists in memory are many times what they are on the wire
)
MOST_CALLS = 100  # under way at once on one connection
FIRST_CALL = 10.0  # seconds for a client to greet and to call for the first time

# Banana copies all that is left for each token, so a large piece with many of them would take a time that is quadratic.
_PIECE = 4096


class StatusBroker(pb.Broker):
    """One client."""

    _log = Logger()

    factory: Any  # a StatusFactory
    transport: Any
    waitingForAnswers: Any

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._received: deque[object] = deque()  # expressions that have not been looked at
        self._unfinished = 0  # bytes of an expression that is not whole
        self._calls = 0
        self._finishing = False
        self._over = False
        self._deadline: IDelayedCall | None = None
        self._key: str | None = None

    def connectionMade(self) -> None:
        """See `Protocol`."""
        super().connectionMade()
        self._peer, self._key = whose(self.transport.getPeer())
        self._pressure = Backpressure(self.factory.clock, self.transport, self._evaluate, self._stalled)
        self._deadline = self.factory.clock.callLater(FIRST_CALL, self._too_slow)
        self.factory.brokers.add(self)

    def connectionLost(self, reason: Any = None) -> None:
        """See `Protocol`."""
        self._over = True
        self._received.clear()
        self._stop_deadline()
        self._pressure.stopProducing()
        self.factory.brokers.discard(self)
        super().connectionLost(reason)

    def refuse(self, why: str) -> None:
        """Disconnect a client that asks for too much or breaks the protocol."""
        if not self._over:
            self._over = True
            self._received.clear()
            self._log.info("{peer} was disconnected: {why}", peer=self._peer or "A local client", why=why)
            self.transport.abortConnection()

    def finish(self) -> None:
        """Take no more calls; answer those that are under way, and close."""
        self._finishing = True
        self._received.clear()
        self._leave_if_done()

    # What comes in

    def dataReceived(self, chunk: bytes) -> None:
        """See `Protocol`."""
        for start in range(0, len(chunk), _PIECE):
            if not (self._over or self._finishing):
                self._parse(chunk[start : start + _PIECE])
        self._evaluate()

    def _parse(self, piece: bytes) -> None:
        self._unfinished += len(piece)
        try:
            super().dataReceived(piece)
        except Malformed as error:
            self.refuse(str(error))
        except Exception:  # the parser raises whatever a wrong byte makes it stumble over
            self.refuse("what it sent is not PB")
        if self._unfinished > MAX_EXPRESSION:
            self.refuse(f"it sent an expression of more than {MAX_EXPRESSION} bytes")

    def callExpressionReceived(self, obj: object) -> None:
        """See `Banana`; a client first says which dialect it speaks, and what follows can't be parsed before that."""
        self._unfinished = 0
        if self.currentDialect:
            self._received.append(obj)
        elif obj in self.knownDialects:
            super().callExpressionReceived(obj)
        else:
            raise Malformed("it chose none of the dialects that were offered")

    def _evaluate(self) -> None:
        while self._received and not self._pressure.full:
            expression = self._received.popleft()
            try:
                check(expression)
                self.expressionReceived(expression)
            except Malformed as error:
                self.refuse(str(error))
        if self._received:
            self._pressure.hold()

    # The expressions

    def proto_version(self, vnum: int) -> None:
        """See `pb.Broker`."""
        if vnum != self.version:
            raise Malformed(f"it speaks version {vnum} of PB, and this is version {self.version}")

    def proto_message(
        self, requestID: int, objectID: Any, message: bytes, answerRequired: Any, netArgs: Any, netKw: Any
    ) -> None:
        """See `pb.Broker`; errors are answered here without a word in the log."""
        self._stop_deadline()
        self._calls += 1
        answer = Deferred.fromCoroutine(self._answer(objectID, message.decode("ascii"), netArgs, netKw))
        if answerRequired:
            answer.addCallback(lambda result: self.sendCall(b"answer", requestID, result))
        answer.addErrback(self._failed, requestID if answerRequired else None)
        answer.addCallback(self._answered)

    def proto_answer(self, requestID: int, netResult: object) -> None:
        """See `pb.Broker`; an observer says that it took an update in, and whatever else it says is not looked at."""
        waiting = self.waitingForAnswers.pop(requestID, None)
        if waiting is None:
            raise Malformed("it answered what it was not asked")
        waiting.callback(None)

    proto_error = proto_answer  # an observer that failed has heard the update too

    def proto_decref(self, objectID: int) -> None:
        """See `pb.Broker`."""
        if objectID not in self.localObjects:
            raise Malformed("it gave back a reference that it does not have")
        super().proto_decref(objectID)

    def proto_decache(self, objectID: int) -> None:
        """See `pb.Broker`."""
        if objectID not in self.remotelyCachedObjects:
            raise Malformed("it gave back a copy that it does not have")
        super().proto_decache(objectID)

    def unserialize(self, sexp: object, perspective: object = None) -> Any:
        """See `pb.Broker`; raises `BadCall` for anything that is not made of plain values."""
        try:
            return super().unserialize(sexp, perspective)
        except Exception:  # jelly raises whatever a wrong value makes it stumble over
            raise BadCall("An argument is neither a text nor another plain value.") from None

    # What goes out

    async def _answer(self, called: Any, message: str, arguments: Any, keywords: Any) -> Any:
        refusal = self.factory.admission.request(self._key)
        if refusal is not None:
            raise TooMany(refusal)
        if self._calls > MOST_CALLS:
            raise TooMany("Too many of your calls are under way; please wait for some of the answers.")
        found = self.localObjectForID(called)
        if found is None:
            raise BadCall("There is no such object here; call the root.")
        return await maybeDeferred(found.remoteMessageReceived, self, message, arguments, keywords)

    def _failed(self, failure: Failure, request: int | None) -> None:
        error = failure.value
        if not isinstance(error, pb.Error):
            self._log.failure("A call could not be answered", failure)
            error = Defect()
        if request is not None:
            self.sendCall(b"error", request, self.serialize(Told(error)))

    def _answered(self, _: object) -> None:
        self._calls -= 1
        self._leave_if_done()

    def sendEncoded(self, obj: object) -> None:
        """See `Banana`; a connection that is over is told nothing more."""
        if not self._over:
            super().sendEncoded(obj)

    # How it ends

    def _leave_if_done(self) -> None:
        if self._finishing and not self._calls and not self._over:
            self._over = True
            self._pressure.end()
            self.transport.loseConnection()

    def _too_slow(self) -> None:
        self.refuse(f"it called nothing within {FIRST_CALL:.0f} seconds")

    def _stalled(self) -> None:
        self.refuse("it does not read what it is sent")

    def _stop_deadline(self) -> None:
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
        self._deadline = None


class StatusFactory(pb.PBServerFactory):
    """Serves a root to strangers."""

    protocol = StatusBroker
    noisy = False

    def __init__(self, clock: IReactorTime, admission: Admission, root: pb.Root) -> None:
        super().__init__(root, security=PlainValues())
        self.clock = clock
        self.admission = admission
        self.brokers: set[StatusBroker] = set()

    def finish(self) -> None:
        """Have every connection end once its calls are answered."""
        for broker in tuple(self.brokers):
            broker.finish()
