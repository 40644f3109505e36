"""The setter on the wire: two lines in, `OK ...` or `ERROR: ...` out."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from fingerpost.errors import FingerpostError
from fingerpost.interfaces import IStatusSetter, NewStatus, Proof
from fingerpost.ops.limits import Limits
from fingerpost.ops.outcomes import Outcome
from fingerpost.ops.requests import Requests
from fingerpost.ops.visits import Answer, Visit, VisitFactory
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from fingerpost_finger.setter.permission import Asker
from fingerpost_finger.setter.request import BadRequest, Request, lines, parse

__all__ = ["SetterFactory", "SetterProtocol"]

# Two lines may be all, or a third may be on its way, and then nothing may be changed. So a request is taken when the
# client closes its side, or after this many seconds without more (a person with `nc` closes nothing).
QUIET = 0.02

Prove = Callable[[Asker, str], Deferred[Proof]]


class SetterProtocol(Visit):
    """Reads two lines, and answers what became of them."""

    factory: SetterFactory
    _quiet: IDelayedCall | None = None

    def inputReceived(self, ended: bool) -> None:
        """See `Visit`."""
        self._stop_waiting()
        try:
            given = lines(self.input, ended)
            rest = self.input.rpartition(b"\n")[2]
            if ended or len(given) > 2 or (len(given) == 2 and rest):
                self._take(parse(given if ended or not rest else [*given, rest]))
            elif len(given) == 2:
                self._quiet = self.factory.clock.callLater(QUIET, self.inputReceived, True)
        except BadRequest as error:
            self.refuse(str(error))

    def connectionLost(self, reason: Any = None) -> None:
        """See `Visit`; a client that vanishes in the middle has set nothing."""
        self._stop_waiting()
        super().connectionLost(reason)

    def refusing(self, sentence: str) -> bytes:
        """See `Visit`."""
        return f"ERROR: {sentence}\r\n".encode()

    def _stop_waiting(self) -> None:
        if self._quiet is not None and self._quiet.active():
            self._quiet.cancel()
        self._quiet = None

    def _take(self, request: Request) -> None:
        self.answer(self._set(request, self._asker()))

    def _asker(self) -> Asker:
        assert self.transport is not None
        uid = self.factory.identify(self.transport)
        return Asker(uid, uid is None and bool(self.peer) and ip_address(self.peer).is_loopback)

    async def _set(self, request: Request, asker: Asker) -> Answer:
        try:
            proof = await self.factory.prove(asker, request.user)
            if request.status:
                record = await self.factory.setter.set_status(request.user, NewStatus(request.status, "finger"), proof)
            else:
                record = await self.factory.setter.clear_status(request.user, proof)
        except FingerpostError as error:
            return Answer(self.refusing(str(error)), Outcome.of(error), request.user)
        said = "the status is cleared" if record.status is None else record.status.text
        return Answer(f"OK {record.login}: {said}\r\n".encode(), Outcome.ANSWERED, request.user)


class SetterFactory(VisitFactory):
    """Sets statuses. `prove` finds why the store should believe an asker, `identify` the uid behind a transport."""

    protocol = SetterProtocol

    def __init__(
        self,
        reactor: IReactorTime,
        limits: Limits,
        requests: Requests,
        setter: IStatusSetter,
        prove: Prove,
        identify: Callable[[Any], int | None],
    ) -> None:
        super().__init__(reactor, limits, requests)
        self.clock = reactor
        self.setter = setter
        self.prove = prove
        self.identify = identify
