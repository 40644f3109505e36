"""Talking to the store over AMP, by a connection that keeps coming back.

Twisted's `ClientService` is not used: with its `prepareConnection`, which `Hello` would be, a connection that is lost
while it is prepared has no transition (`NoTransition`; the tables of 24.11 and 26.10 have the gap).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import random
from typing import Any

from twisted.application.internet import backoffPolicy
from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint
from twisted.internet.protocol import Factory
from twisted.internet.task import LoopingCall, deferLater
from twisted.logger import Logger
from twisted.protocols.amp import Command

from fingerpost import wire
from fingerpost.calls import Calls, operation
from fingerpost.codec import load
from fingerpost.connection import ANSWER_WITHIN, Called, Connection, StoreProtocol
from fingerpost.disclosure import Site
from fingerpost.errors import FingerpostError, TemporarilyUnavailable
from fingerpost.model import Record
from fingerpost.ops.events import Event

__all__ = ["StoreClient"]

_READ_WITHIN = 2.0
_LOOK_EVERY = 5.0
# How long a caller waits for a store that is not there: long enough for a restart, short enough for a person.
_PATIENCE = 1.5


def _jitter() -> float:
    """Up to a tenth of a second, so that clients do not come back all at once; Twisted's own is up to a whole one."""
    return 0.1 * random()  # noqa: S311 (it guards no secret)


class StoreClient(Calls, Service):
    """A client of the store at an endpoint. `connected` is called with each new `Connection`, `lost` when it has ended,
    and `called` with what became of each command. `site` is what the site discloses, as the store said last.

    Every method raises `TemporarilyUnavailable` where the store can't be reached or does not answer in time.
    """

    _log = Logger()

    def __init__(self, reactor: Any, endpoint: IStreamClientEndpoint, name: str) -> None:
        self.clock: IReactorTime = reactor
        self.connected: Callable[[Connection], None] = lambda connection: None
        self.lost: Callable[[], None] = lambda: None
        self._endpoint = endpoint
        self.called: Called = lambda command, outcome: None
        self.name = name
        self.site = Site()
        self._greeting = {"version": wire.VERSION, "client": name}
        self._delay = backoffPolicy(initialDelay=0.05, maxDelay=1.0, factor=1.5, jitter=_jitter)
        self._protocol: StoreProtocol | None = None
        self._was_away = False
        self._waiting: list[Deferred[StoreProtocol]] = []
        self._working: Deferred[None] | None = None

    @property
    def is_connected(self) -> bool:
        """Whether the store has greeted, and not gone since."""
        return self._protocol is not None

    def startService(self) -> None:
        """Connect, and connect again whenever that is needed."""
        super().startService()
        self._working = Deferred.fromCoroutine(self._stay_connected())

    def stopService(self) -> Deferred[None] | None:
        """Let go of the connection; fires when it is gone."""
        super().stopService()
        working, self._working = self._working, None
        if self._protocol is not None:
            self._protocol.drop()
        elif working is not None:
            working.cancel()
        return working

    async def _stay_connected(self) -> None:
        failures = 0
        try:
            while self.running:
                greeted = await self._connect_once()
                failures = 0 if greeted else failures + 1
                if self.running:
                    await deferLater(self.clock, self._delay(failures))
        except CancelledError:
            return  # by stopService, while there was no connection

    async def _connect_once(self) -> bool:
        """One connection, from its beginning to its end; whether the store greeted."""
        factory: Any = Factory.forProtocol(partial(StoreProtocol, self.called))
        factory.noisy = False
        connecting: Deferred[Any] = self._endpoint.connect(factory)
        try:
            protocol: StoreProtocol = await connecting.addTimeout(ANSWER_WITHIN, self.clock)
        except Exception:  # whatever it is, there is no store there now
            return False
        try:
            answer = await self._greet(protocol)
        except FingerpostError as error:
            protocol.drop()
            if not isinstance(error, TemporarilyUnavailable):
                self._log.warn(
                    "The status store refuses {finger_service}: {finger_reason}",
                    message_id=Event.STORE_REFUSES,
                    finger_service=self.name,
                    finger_reason=str(error),
                )
            return False
        await self._serve(protocol, answer)
        return True

    async def _greet(self, protocol: StoreProtocol) -> dict[str, Any]:
        answer = await protocol.asked(self.clock, wire.Hello, self._greeting)
        if answer["site"]:
            self.site = load(answer["site"], Site)
        return answer

    async def _serve(self, protocol: StoreProtocol, greeting: dict[str, Any]) -> None:
        self._protocol = protocol
        self._log.info(
            "{finger_service} is connected to the status store",
            message_id=Event.STORE_BACK if self._was_away else None,
            finger_service=self.name,
        )
        waiting, self._waiting = self._waiting, []
        self.connected(Connection(protocol, self.clock, greeting["epoch"], greeting["revision"]))
        for waiter in waiting:
            waiter.callback(protocol)
        looking = LoopingCall(self._look_after, protocol)
        looking.clock = self.clock
        looking.start(_LOOK_EVERY, now=False)
        await protocol.ended
        looking.stop()
        self._protocol = None
        self.lost()
        self._was_away = True
        if self.running:
            self._log.warn(
                "{finger_service} has lost the status store; what is known is still answered",
                message_id=Event.STORE_AWAY,
                finger_service=self.name,
            )

    def _look_after(self, protocol: StoreProtocol) -> Deferred[None]:
        return Deferred.fromCoroutine(self._drop_if_silent(protocol))

    async def _drop_if_silent(self, protocol: StoreProtocol) -> None:
        """A store that hangs keeps its connections, and says nothing: better none, which everybody knows of."""
        try:
            await self._greet(protocol)
        except FingerpostError:
            protocol.drop()

    def _connection(self) -> Deferred[StoreProtocol]:
        """The connection, now or when there is one."""
        waiter: Deferred[StoreProtocol] = Deferred()
        if self._protocol is not None:
            waiter.callback(self._protocol)
        else:
            self._waiting.append(waiter)
        return waiter

    async def ask(self, command: type[Command], **arguments: Any) -> dict[str, Any]:
        """The answer to a command; raises what the command's errors say."""
        try:
            protocol = await self._connection().addTimeout(_PATIENCE, self.clock)
        except Exception as error:
            raise TemporarilyUnavailable from error
        within = ANSWER_WITHIN if "op_id" in arguments else _READ_WITHIN
        return await protocol.asked(self.clock, command, arguments, within)

    async def write(self, command: type[Command], **arguments: Any) -> Record:
        """Ask for a change, and ask again with the same `op_id` if the answer was lost: it is made once."""
        arguments["op_id"] = arguments["op_id"] or operation()
        try:
            return await super().write(command, **arguments)
        except TemporarilyUnavailable as error:
            if not isinstance(error.__cause__, ConnectionLost | ConnectionDone):
                raise
            return await super().write(command, **arguments)
