"""One connection of a stranger's to a PB service: what it may send, unread and unfinished; and how it ends.

Twisted's `pb.Broker` parses whatever comes, for as long as it comes, and logs a traceback where that goes wrong.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from fingerpost.ops.limits import whose
from twisted.internet.interfaces import IDelayedCall, ITCPTransport
from twisted.logger import Logger
from twisted.spread import pb

from fingerpost_pb.backpressure import Backpressure
from fingerpost_pb.errors import Malformed
from fingerpost_pb.expression import check

__all__ = ["FIRST_CALL", "MAX_EXPRESSION", "Connection"]

# Bytes. No call needs a tenth of it, and lists in memory are many times what they are on the wire.
MAX_EXPRESSION = 8192
FIRST_CALL = 10.0  # seconds for a client to greet and to call for the first time

# Banana copies all that is left for each token, so a large piece with many of them would take a time that is quadratic.
_PIECE = 4096


class Connection(pb.Broker):
    """Parses and evaluates expressions; `calls` counts the calls under way."""

    _log = Logger()

    factory: Any  # a StatusFactory
    transport: Any
    waitingForAnswers: Any

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._received: deque[object] = deque()  # expressions that have not been looked at
        self._unfinished = 0  # bytes of an expression that is not whole
        self.calls = 0
        self._finishing = False
        self._over = False
        self._deadline: IDelayedCall | None = None
        self.key: str | None = None

    def connectionMade(self) -> None:
        """See `Protocol`."""
        super().connectionMade()
        self.peer, self.key = whose(self.transport.getPeer())
        self._pressure = Backpressure(self.factory.clock, self.transport, self._evaluate, self._stalled)
        self._deadline = self.factory.clock.callLater(FIRST_CALL, self._too_slow)
        if ITCPTransport.providedBy(self.transport):  # a client may be silent for days, and its machine be gone
            self.transport.setTcpKeepAlive(True)
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
            self.factory.requests.refused()
            self._log.info("{peer} was disconnected: {why}", peer=self.peer or "A local client", why=why)
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

    # What goes out

    def sendEncoded(self, obj: object) -> None:
        """See `Banana`; a connection that is over is told nothing more."""
        if not self._over:
            super().sendEncoded(obj)

    # Calls under way, and how it ends

    def began(self) -> None:
        """A call is under way."""
        self._stop_deadline()
        self.calls += 1

    def ended(self) -> None:
        """A call was answered."""
        self.calls -= 1
        self._leave_if_done()

    def _leave_if_done(self) -> None:
        if self._finishing and not self.calls and not self._over:
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
