"""Connections that stay and ask again: how many are let in, and how they end when the service stops.

Twisted's `LimitConnectionsByPeer` knows neither networks nor mapped addresses, and can't wait for the last to leave.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHalfCloseableProtocol, IReactorTime
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from zope.interface import implementer

from fingerpost.ops.draining import Drain
from fingerpost.ops.limits import Admission, whose
from fingerpost.ops.requests import Requests

__all__ = ["Guard"]


class _Guarded(ProtocolWrapper):
    key: str | None = None


@implementer(IHalfCloseableProtocol)
class _HalfCloseable(_Guarded):
    """Lets a protocol know that its client has said all, if it wants to know."""

    def readConnectionLost(self) -> None:
        """See `IHalfCloseableProtocol`."""
        cast(Any, self.wrappedProtocol).readConnectionLost()

    def writeConnectionLost(self) -> None:
        """See `IHalfCloseableProtocol`."""


class Guard(WrappingFactory):
    """Lets connections in to a factory. `finish` asks them all to end once they have been answered.

    `key_of` tells who is limited together from a transport, for peers who have no address.
    """

    noisy = False

    def __init__(
        self,
        clock: IReactorTime,
        admission: Admission,
        requests: Requests,
        factory: Any,
        finish: Callable[[], None],
        key_of: Callable[[Any], str | None] = lambda transport: None,
    ) -> None:
        super().__init__(factory)
        self.admission = admission
        self._requests = requests
        self.protocols: dict[Any, int]
        self._finish = finish
        self._key_of = key_of
        self._drain = Drain(clock, self.protocols)

    def buildProtocol(self, addr: Any) -> Any:
        """See `IProtocolFactory`; whoever is one too many is disconnected at once."""
        _, key = whose(addr)
        if self.admission.connect(key) is not None:
            self._requests.refused()
            return None
        inner = self.wrappedFactory.buildProtocol(addr)
        kind: Any = _HalfCloseable if IHalfCloseableProtocol.providedBy(inner) else _Guarded
        guarded = kind(self, inner)
        guarded.key = key
        return guarded

    def registerProtocol(self, p: _Guarded) -> None:
        """A connection has begun; only now is there a transport, and with it the key of a peer without an address."""
        super().registerProtocol(p)
        if p.key is None:
            p.key = self._key_of(p.transport)
            if self.admission.connect(p.key) is not None:
                self._requests.refused()
                cast(Any, p.transport).abortConnection()
        self.admission.connected(p.key)

    def unregisterProtocol(self, p: _Guarded) -> None:
        """A connection has ended."""
        super().unregisterProtocol(p)
        self.admission.leave(p.key)
        self._drain.left()

    def drain(self, seconds: float) -> Deferred[None]:
        """Fires when every connection has ended, which it is made to after `seconds`."""
        self._finish()
        return self._drain.wait(seconds)
