"""The setter on the wire: two lines in, or three with a token, and `OK ...` or `ERROR: ...` out."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from fingerpost.errors import FingerpostError
from fingerpost.interfaces import IStatusSetter, NewStatus
from fingerpost.ops.limits import Limits
from fingerpost.ops.outcomes import Outcome
from fingerpost.ops.requests import Requests
from fingerpost.ops.visits import Answer, Visit, VisitFactory
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from fingerpost_finger.setter.permission import Asker, Prove
from fingerpost_finger.setter.request import BadRequest, Request, lines, parse

__all__ = ["SetterFactory", "SetterProtocol"]

# Who needs no token may have said all with two lines, or a third may be on its way. So their request is taken when the
# client closes its side, or after this many seconds without more (a person with `nc` closes nothing).
QUIET = 0.02


class SetterProtocol(Visit):
    """Reads two lines or three, and answers what became of them."""

    factory: SetterFactory
    _asker: Asker
    _quiet: IDelayedCall | None = None

    def connectionMade(self) -> None:
        """See `Visit`."""
        uid = self.factory.identify(self.transport)
        self._asker = Asker(uid, uid is None and bool(self.peer) and ip_address(self.peer).is_loopback)
        super().connectionMade()

    def inputReceived(self, ended: bool) -> None:
        """See `Visit`."""
        self._stop_waiting()
        try:
            given = lines(self.input, ended)
            rest = b"" if ended else self.input.rpartition(b"\n")[2]
            if ended or len(given) > 2:
                self.answer(self._set(parse([*given, rest] if rest else given)))
            elif len(given) == 2 and not rest and self.factory.is_known(self._asker):
                self._quiet = self.factory.clock.callLater(QUIET, self.inputReceived, True)
        except BadRequest as error:
            self.refuse(str(error))

    def expired(self) -> None:
        """See `Visit`; who gave two lines and no token hears that one is needed."""
        if not self.answering and self.input.endswith(b"\n") and self.input.count(b"\n") == 2:
            self.inputReceived(ended=True)
        else:
            super().expired()

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

    async def _set(self, request: Request) -> Answer:
        try:
            proof = await self.factory.prove(self._asker, request.user, request.token)
            if request.status:
                record = await self.factory.setter.set_status(request.user, NewStatus(request.status, "finger"), proof)
            else:
                record = await self.factory.setter.clear_status(request.user, proof)
        except FingerpostError as error:
            return Answer(self.refusing(str(error)), Outcome.of(error), request.user)
        said = "the status is cleared" if record.status is None else record.status.text
        return Answer(f"OK {record.login}: {said}\r\n".encode(), Outcome.ANSWERED, request.user)


class SetterFactory(VisitFactory):
    """Sets statuses.

    `prove` finds why the store should believe an asker, `is_known` tells whether one needs no token for that, and
    `identify` finds the uid behind a transport.
    """

    protocol = SetterProtocol
    deadline = 60.0  # for a person who types, and looks for the token

    def __init__(
        self,
        reactor: IReactorTime,
        limits: Limits,
        requests: Requests,
        setter: IStatusSetter,
        prove: Prove,
        is_known: Callable[[Asker], bool],
        identify: Callable[[Any], int | None],
    ) -> None:
        super().__init__(reactor, limits, requests)
        self.clock = reactor
        self.setter = setter
        self.prove = prove
        self.is_known = is_known
        self.identify = identify
