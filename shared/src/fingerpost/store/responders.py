"""The AMP sockets of the store: which commands each answers, and how an answer is put."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred, fail, maybeDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import ServerFactory
from twisted.logger import Logger
from twisted.protocols.amp import AMP, RemoteAmpError, StartTLS
from twisted.python.failure import Failure

from fingerpost import wire
from fingerpost.accounts import Scope
from fingerpost.codec import dump, joined
from fingerpost.errors import HelloFirst, NotAccepted, NotAllowed
from fingerpost.ops.outcomes import Outcome
from fingerpost.ops.requests import Requests
from fingerpost.ops.sockets import peer_uid
from fingerpost.store.accounts.administration import Administration
from fingerpost.store.accounts.grants import Grant
from fingerpost.store.accounts.proving import Asker, Proving
from fingerpost.store.feed import Subscription, fitting
from fingerpost.store.interfaces import Framed
from fingerpost.store.store import Store
from fingerpost.text import without_controls

__all__ = ["ReadSocket", "SocketFactory"]

_LONGEST = 64  # characters of what a peer calls itself
_FAILED = (b"FAILED", "The status store could not do that; its log says why.")
_ANSWER_WITHIN = 30.0  # seconds for a subscriber to take a batch


class ReadSocket(AMP):
    """A peer that may read."""

    _log = Logger()

    def __init__(self, factory: SocketFactory) -> None:
        super().__init__()
        self.factory = factory
        self._store = factory.store
        self.asker = Asker(None)
        self._greeted = False
        self._subscription: Subscription | None = None

    def connectionLost(self, reason: Any = None) -> None:
        """The peer is gone, and so is its subscription."""
        self.factory.connections.discard(self)
        if self._subscription is not None:
            self._subscription.end()
        super().connectionLost(reason)

    def connectionMade(self) -> None:
        """A peer has come."""
        self.factory.connections.add(self)
        super().connectionMade()

    def locateResponder(self, name: bytes) -> Any:
        """Nothing is answered before `Hello`."""
        if not self._greeted and name != wire.Hello.commandName:
            return lambda box: fail(RemoteAmpError(wire.Hello.errors[HelloFirst], str(HelloFirst())))
        responder = super().locateResponder(name) if name != StartTLS.commandName else None  # which AMP itself offers
        return responder and partial(self._counted, responder)

    def _counted(self, responder: Callable[[Any], Any], box: Any) -> Deferred[Any]:
        return maybeDeferred(responder, box).addBoth(self._done, self.factory.requests.now())

    def _done(self, result: Any, since: float) -> Any:
        error = result.value if isinstance(result, Failure) else None
        if isinstance(error, RemoteAmpError) and error.local is not None:
            error = error.local.value
        self.factory.requests.done(since, Outcome.of(error))
        if error is not None and not isinstance(result.value, RemoteAmpError):
            # AMP would end the connection, on which a whole service asks for everybody.
            self._log.failure("A command could not be answered", result)
            return Failure(RemoteAmpError(*_FAILED))
        return result

    @wire.Hello.responder
    async def hello(self, version: int, client: str) -> wire.Answer:
        """Versions agree, or the peer is told; a store that has not read its sources yet lets it wait."""
        if version < 1:
            raise HelloFirst(f"This store speaks version {wire.VERSION} of its protocol, not {version}.")
        self.asker = self._identified(client)
        await self._store.opened()
        self._greeted = True
        engine = self._store.engine
        return {
            "version": wire.VERSION,
            "epoch": engine.epoch,
            "revision": self._store.feed.revision,
            "site": dump(engine.site),
        }

    def _identified(self, client: str) -> Asker:
        """Which process this is; raises `NotAllowed` where it must not be here."""
        assert self.transport is not None
        return Asker(self.factory.identify(self.transport), without_controls(client[:_LONGEST]))

    @wire.GetRecord.responder
    async def get_record(self, name: str, proof: str | None) -> wire.Answer:
        """See `wire.GetRecord`."""
        if proof is None:
            return {"change": bytes(await self._store.get(name))}
        return {"change": bytes(await self._store.seen(name, await self.granted(proof, name)))}

    @wire.FindRecords.responder
    async def find_records(self, text: str, limit: int) -> wire.Answer:
        """See `wire.FindRecords`."""
        return {"changes": _list(await self._store.find(text, limit))}

    @wire.ListRecords.responder
    async def list_records(self, after: str, limit: int, order: str) -> wire.Answer:
        """See `wire.ListRecords`."""
        listing = {"name": self._store.by_name, "latest": self._store.latest}.get(order)
        if listing is None:
            raise NotAccepted(f"order: '{order}' is neither 'name' nor 'latest'")
        page, following = await listing(after, limit)
        return {"changes": _list(page), "next": following}

    @wire.GetHistory.responder
    async def get_history(self, name: str, before: datetime | None, limit: int, proof: str | None) -> wire.Answer:
        """See `wire.GetHistory`."""
        grant = None if proof is None else await self.granted(proof, name)
        return {"statuses": joined(fitting(map(dump, await self._store.history(name, before, limit, grant))))}

    async def granted(self, proof: str, name: str, scope: Scope | None = None) -> Grant:
        """What a proof is good for; raises `NotAllowed`, which on this socket every proof is."""
        raise NotAllowed("This socket shows what everybody may see; proofs are taken on the others.")

    @wire.Subscribe.responder
    async def subscribe(self, epoch: str, since: int) -> wire.Answer:
        """See `wire.Subscribe`; a second subscription takes the place of the first."""
        subscription = await self._store.subscribe(epoch, since, self._send, self._drop)
        if self._subscription is not None:
            self._subscription.end()
        self._subscription = subscription
        if self not in self.factory.connections:
            subscription.end()  # the peer left meanwhile
        # In the next turn, so that the answer goes out before the first changes.
        self.factory.reactor.callLater(0, self._subscription.wake)
        return {"revision": self._store.feed.revision}

    def _send(self, first: int, last: int, changes: Sequence[Framed]) -> Deferred[Any]:
        sent: Deferred[Any] = self.callRemote(wire.Changes, first=first, last=last, changes=_list(changes))
        return sent.addTimeout(_ANSWER_WITHIN, self.factory.reactor)

    def _drop(self) -> None:
        """The feed can't go on here: the peer connects again, and loads afresh where it must."""
        if self.transport is not None:
            self.transport.loseConnection()


def _uid(transport: Any) -> int | None:
    return peer_uid(transport.getHandle())


@define(eq=False)
class SocketFactory(ServerFactory):
    """Makes the protocol of one of the store's sockets for each peer.

    `identify` tells the uid of the process at the other end of a transport.
    """

    protocol: type[ReadSocket]
    store: Store
    proving: Proving
    reactor: IReactorTime
    requests: Requests
    identify: Callable[[Any], int | None] = _uid
    administration: Administration | None = None
    noisy: bool = False
    connections: set[ReadSocket] = field(factory=set)

    def buildProtocol(self, addr: object) -> ReadSocket:
        """See `IProtocolFactory`."""
        return self.protocol(self)

    def disconnect(self) -> None:
        """End every connection, behind what is being sent on it."""
        for connection in self.connections:
            if connection.transport is not None:
                connection.transport.loseConnection()


def _list(changes: Sequence[Framed]) -> bytes:
    return joined(map(bytes, changes))
