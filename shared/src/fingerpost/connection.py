"""One connection to the store: commands with a limit on every wait, errors as ours, and what the store tells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.protocols.amp import AMP, Command

from fingerpost import wire
from fingerpost.codec import changes_from_bytes
from fingerpost.errors import FingerpostError, TemporarilyUnavailable
from fingerpost.model import Change
from fingerpost.ops.outcomes import Outcome

__all__ = ["ANSWER_WITHIN", "Called", "Connection", "Heard", "StoreProtocol", "page_of"]

ANSWER_WITHIN = 5.0

Heard = Callable[[int, int, Sequence[Change]], None]
Called = Callable[[type[Command], Outcome], None]


class StoreProtocol(AMP):
    """The frontend's end of a connection to the store; `ended` fires when the connection is lost."""

    def __init__(self, called: Called) -> None:
        super().__init__()
        self.ended: Deferred[None] = Deferred()
        self.heard: Heard = lambda first, last, changes: None
        self._called = called

    @wire.Changes.responder
    def changes(self, first: int, last: int, changes: bytes) -> dict[str, Any]:
        """The store tells of new revisions."""
        self.heard(first, last, changes_from_bytes(changes))
        return {}

    async def asked(
        self, clock: IReactorTime, command: type[Command], arguments: dict[str, Any], within: float = ANSWER_WITHIN
    ) -> dict[str, Any]:
        """The answer to a command, if it comes within so many seconds; raises `FingerpostError`."""
        try:
            answer: dict[str, Any] = await self.callRemote(command, **arguments).addTimeout(within, clock)
        except FingerpostError as error:
            self._called(command, Outcome.of(error))
            raise
        except Exception as error:  # whatever became of the connection, the caller can only try again
            self._called(command, Outcome.UNAVAILABLE)
            raise TemporarilyUnavailable from error
        self._called(command, Outcome.ANSWERED)
        return answer

    def connectionLost(self, reason: Any = None) -> None:
        """The connection is gone."""
        self.ended.callback(None)  # first: whoever is told that an answer is lost must not ask here again
        super().connectionLost(reason)

    def drop(self) -> None:
        """Give the connection up."""
        if self.transport is not None:
            self.transport.loseConnection()


class Connection:
    """A connection on which `Hello` was answered: the store's epoch, and its revision then."""

    def __init__(self, protocol: StoreProtocol, clock: IReactorTime, epoch: str, revision: int) -> None:
        self.epoch = epoch
        self.revision = revision
        self._protocol = protocol
        self._clock = clock

    def follow(self, heard: Heard) -> None:
        """Say who is to hear what the store sends."""
        self._protocol.heard = heard

    async def ask(self, command: type[Command], **arguments: Any) -> dict[str, Any]:
        """The answer to a command on this connection; raises what the command's errors say."""
        return await self._protocol.asked(self._clock, command, arguments)

    async def page(self, after: str, limit: int, order: str) -> tuple[list[Change], str]:
        """A page of records, and the `after` of the next one ("" where there is none)."""
        return page_of(await self.ask(wire.ListRecords, after=after, limit=limit, order=order))

    def drop(self) -> None:
        """Give the connection up; the client makes another."""
        self._protocol.drop()


def page_of(answer: dict[str, Any]) -> tuple[list[Change], str]:
    """What `ListRecords` answered."""
    return changes_from_bytes(answer["changes"]), answer["next"] or ""
