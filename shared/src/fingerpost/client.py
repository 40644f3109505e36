"""Talking to the store over AMP: a connection that keeps coming back, a limit on every wait, its errors as ours."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from random import random
from typing import Any

from twisted.application.internet import ClientService, backoffPolicy
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint
from twisted.internet.protocol import Factory
from twisted.logger import Logger
from twisted.protocols.amp import AMP, Command
from zope.interface import implementer

from fingerpost import wire
from fingerpost.codec import changes_from_bytes, dump, load
from fingerpost.errors import FingerpostError, NoSuchUser, TemporarilyUnavailable
from fingerpost.interfaces import IStatusSetter, NewStatus, Proof
from fingerpost.model import Availability, Change, Record, Status

__all__ = ["Connection", "StoreClient"]

_ANSWER_WITHIN = 5.0
# How long a caller waits for a store that is not there: long enough for a restart, short enough for a person.
_PATIENCE = 1.0

Heard = Callable[[int, int, Sequence[Change]], None]


def _jitter() -> float:
    return 0.1 * random()  # noqa: S311 (it only keeps clients from coming back all at once)


class StoreProtocol(AMP):
    """The frontend's end of a connection to the store."""

    def __init__(self) -> None:
        super().__init__()
        self._heard: Heard = lambda first, last, changes: None
        self._lost: list[Callable[[], None]] = []

    def hear(self, heard: Heard) -> None:
        """Say who hears of changes; a method, because `ClientService` hands out proxies, where attributes get lost."""
        self._heard = heard

    def when_lost(self, lost: Callable[[], None]) -> None:
        """Have something called when the connection has ended."""
        self._lost.append(lost)

    @wire.Changes.responder
    def changes(self, first: int, last: int, changes: bytes) -> dict[str, Any]:
        """The store tells of new revisions."""
        self._heard(first, last, changes_from_bytes(changes))
        return {}

    def connectionLost(self, reason: Any = None) -> None:
        """The connection is gone."""
        super().connectionLost(reason)
        for lost in self._lost:
            lost()


class _ProtocolFactory(Factory):
    protocol = StoreProtocol
    noisy = False


class Connection:
    """A connection on which `Hello` was answered: the store's epoch, and its revision then.

    `heard` is called with each batch of changes, `lost` when the connection has ended.
    """

    def __init__(self, protocol: StoreProtocol, clock: IReactorTime, epoch: str, revision: int) -> None:
        self.epoch = epoch
        self.revision = revision
        self._protocol = protocol
        self._clock = clock

    def follow(self, heard: Heard, lost: Callable[[], None]) -> None:
        """Say who is to hear what the store sends, and that the connection is lost."""
        self._protocol.hear(heard)
        self._protocol.when_lost(lost)

    async def ask(self, command: type[Command], **arguments: Any) -> dict[str, Any]:
        """The answer to a command on this connection; raises what the command's errors say."""
        return await _asked(self._protocol, self._clock, command, arguments)

    async def page(self, after: str, limit: int, order: str) -> tuple[list[Change], str]:
        """A page of records, and the `after` of the next one ("" where there is none)."""
        return _page(await self.ask(wire.ListRecords, after=after, limit=limit, order=order))

    def drop(self) -> None:
        """Give the connection up; the client makes another."""
        if self._protocol.transport is not None:
            self._protocol.transport.loseConnection()


async def _asked(
    protocol: StoreProtocol, clock: IReactorTime, command: type[Command], arguments: dict[str, Any]
) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = await protocol.callRemote(command, **arguments).addTimeout(_ANSWER_WITHIN, clock)
    except FingerpostError:
        raise
    except Exception as error:  # whatever became of the connection, the caller can only try again
        raise TemporarilyUnavailable from error
    return answer


def _page(answer: dict[str, Any]) -> tuple[list[Change], str]:
    return changes_from_bytes(answer["changes"]), answer["next"] or ""


@implementer(IStatusSetter)
class StoreClient(ClientService):
    """A client of the store at an endpoint; `connected` is called with each new `Connection`.

    Every method raises `TemporarilyUnavailable` where the store can't be reached or does not answer in time.
    """

    _log = Logger()

    def __init__(self, reactor: Any, endpoint: IStreamClientEndpoint, name: str) -> None:
        super().__init__(
            endpoint,
            _ProtocolFactory(),
            retryPolicy=backoffPolicy(initialDelay=0.05, maxDelay=1.0, factor=1.5, jitter=_jitter),
            clock=reactor,
            prepareConnection=self._greet,
        )
        self.clock: IReactorTime = reactor
        self.up = False
        self.connected: Callable[[Connection], None] = lambda connection: None
        self._name = name

    def _greet(self, protocol: Any) -> Deferred[None]:
        return Deferred.fromCoroutine(self._hello(protocol))

    async def _hello(self, protocol: StoreProtocol) -> None:
        arguments = {"version": wire.VERSION, "client": self._name}
        try:
            answer = await _asked(protocol, self.clock, wire.Hello, arguments)
        except TemporarilyUnavailable:
            raise
        except FingerpostError as error:
            self._log.warn("The status store refuses this client: {error}", error=str(error))
            raise
        protocol.when_lost(self._lost)
        self.up = True
        self._log.info("Connected to the status store")
        self.connected(Connection(protocol, self.clock, answer["epoch"], answer["revision"]))

    def _lost(self) -> None:
        self.up = False
        if self.running:
            self._log.warn("The status store is away; what is known is still answered")

    async def ask(self, command: type[Command], **arguments: Any) -> dict[str, Any]:
        """The answer to a command; raises what the command's errors say."""
        try:
            protocol: Any = await self.whenConnected().addTimeout(_PATIENCE, self.clock)
        except Exception as error:
            raise TemporarilyUnavailable from error
        return await _asked(protocol, self.clock, command, arguments)

    async def change(self, name: str) -> Change:
        """The record of a login or unambiguous alias, with its revision; raises `NoSuchUser`."""
        answer = await self.ask(wire.GetRecord, name=name)
        return load(answer["change"], Change)

    async def find(self, text: str, limit: int) -> list[Change]:
        """People who match a text."""
        return changes_from_bytes((await self.ask(wire.FindRecords, text=text, limit=limit))["changes"])

    async def page(self, after: str, limit: int, order: str) -> tuple[list[Change], str]:
        """A page of records, and the `after` of the next one ("" where there is none)."""
        return _page(await self.ask(wire.ListRecords, after=after, limit=limit, order=order))

    async def history(self, name: str, before: datetime | None, limit: int) -> list[Status]:
        """Past statuses, the latest first; raises `NoSuchUser`."""
        answer = await self.ask(wire.GetHistory, name=name, before=before, limit=limit)
        return load(answer["statuses"], list[Status])

    async def set_status(self, name: str, status: NewStatus, proof: Proof, op_id: str = "") -> Record:
        """See `IStatusSetter`."""
        return await self._write(
            wire.SetStatus,
            name=name,
            proof=proof,
            op_id=op_id,
            text=status.text,
            via=status.via,
            emoji=status.emoji or None,
            availability=None if status.availability is Availability.FREE else status.availability.value,
            expires=status.expires_at,
        )

    async def clear_status(self, name: str, proof: Proof, op_id: str = "") -> Record:
        """See `IStatusSetter`."""
        return await self._write(wire.ClearStatus, name=name, proof=proof, op_id=op_id)

    async def update_profile(self, name: str, fields: Mapping[str, object], proof: Proof, op_id: str = "") -> Record:
        """See `IStatusSetter`."""
        return await self._write(wire.UpdateProfile, name=name, proof=proof, op_id=op_id, fields=dump(fields))

    async def verify(self, proof: Proof) -> str:
        """See `IStatusSetter`."""
        login: str = (await self.ask(wire.Verify, proof=str(proof)))["login"]
        return login

    async def _write(self, command: type[Command], *, proof: Proof, op_id: str, **arguments: Any) -> Record:
        """Ask for a change, and ask again with the same `op_id` if the answer was lost: it is made once."""
        arguments |= {"proof": str(proof), "op_id": op_id or uuid.uuid4().hex}
        try:
            answer = await self.ask(command, **arguments)
        except TemporarilyUnavailable as error:
            if error.__cause__ is None:  # the store itself said so
                raise
            answer = await self.ask(command, **arguments)
        change = load(answer["change"], Change)
        if change.record is None:
            raise NoSuchUser
        return change.record
