"""Service pieces that Twisted lacks: an ordered stop, listening on configured endpoints, work done again and again."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from twisted.application.internet import TimerService
from twisted.application.service import MultiService, Service
from twisted.internet.defer import Deferred, gatherResults, maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.interfaces import IListeningPort, IReactorTime, IStreamServerEndpoint
from twisted.logger import Logger

from fingerpost.errors import FingerpostError
from fingerpost.ops.draining import DRAIN_SECONDS, Drainable
from fingerpost.ops.sockets import InheritedEndpoint, inherited

__all__ = ["Draining", "Listening", "OrderedService", "Periodic", "check_listen", "endpoints"]


class OrderedService(MultiService):
    """Stops its services one after another, the last one first: who is asked stops after who asks."""

    def stopService(self) -> Deferred[None]:
        """See `IService`."""
        Service.stopService(self)
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        for service in reversed(list(self)):
            await maybeDeferred(service.stopService)


def endpoints(reactor: Any, listen: Sequence[str] | None, name: str, default: str) -> list[IStreamServerEndpoint]:
    """The endpoints of a `listen:` key: what it says, or else the inherited sockets of a name, or else the default.

    Where others were inherited and that name was not, there are none: systemd decides which ports are open, and this
    one was closed. Raises `FingerpostError` for a description that is none.
    """
    if listen is None:
        passed = inherited(os.environ)
        closed = bool(passed.keys() - {"metrics"})
        listen = [f"fd:{name}"] if name in passed else [] if closed else [default]
    return [_endpoint(reactor, description) for description in listen]


def check_listen(owner: object, attribute: object, value: Sequence[str] | None) -> None:
    """An attrs validator for a `listen:` key."""
    for description in value or ():
        try:
            _endpoint(None, description)
        except FingerpostError as error:
            raise ValueError(str(error)) from None


def _endpoint(reactor: Any, description: str) -> IStreamServerEndpoint:
    if description.startswith("fd:"):
        return InheritedEndpoint(reactor, description.removeprefix("fd:"), os.environ)
    try:
        found: IStreamServerEndpoint = serverFromString(reactor, description)
    except (ValueError, TypeError, KeyError, OSError, ImportError) as error:
        raise FingerpostError(f"'{description}' is no endpoint such as tcp:79 or fd:finger ({error})") from error
    return found


class Listening(Service):
    """Listens on all endpoints when started; a port that can't be had stops the process, as systemd should see."""

    def __init__(self, places: Sequence[IStreamServerEndpoint], factory: Any) -> None:
        self._places = places
        self.factory = factory
        self.ports: list[IListeningPort] = []
        self._starting: Deferred[Any] | None = None

    def privilegedStartService(self) -> None:
        """Listen at once, while twistd still has the rights of the user who started it."""
        if self._starting is None:
            self._starting = gatherResults([place.listen(self.factory) for place in self._places], consumeErrors=True)
            self._starting.addCallback(self.ports.extend)
            result: list[Any] = []
            self._starting.addErrback(result.append)
            if result:
                raise FingerpostError(f"cannot listen: {result[0].value.subFailure.getErrorMessage()}")

    def startService(self) -> None:
        """See `IService`."""
        self.privilegedStartService()
        super().startService()

    def stopService(self) -> Deferred[Any]:
        """Listen no more; what an inherited socket then receives waits in it for the next process."""
        super().stopService()
        ports, self.ports, self._starting = self.ports, [], None
        return gatherResults([maybeDeferred(port.stopListening) for port in ports])


class Draining(Listening):
    """Listens, and when stopped lets those who came be answered first."""

    factory: Drainable

    def stopService(self) -> Deferred[Any]:
        """See `IService`."""
        return super().stopService().addCallback(lambda _: self.factory.drain(DRAIN_SECONDS))


class Periodic(TimerService):
    """Does something every so many seconds; a failure is logged, and the next time comes all the same."""

    _log = Logger()

    def __init__(self, reactor: IReactorTime, seconds: float, what: str, work: Callable[[], Awaitable[Any]]) -> None:
        super().__init__(seconds, self._once)
        self.clock = reactor
        self._what = what
        self._work = work
        self._said = ""

    def _once(self) -> Deferred[Any]:
        return Deferred.fromCoroutine(self._awaited()).addErrback(self._failed)

    async def _awaited(self) -> None:
        await self._work()
        self._said = ""

    def _failed(self, failure: Any) -> None:
        if not failure.check(FingerpostError):
            self._log.failure("{what} failed", failure, what=self._what)
        elif failure.getErrorMessage() != self._said:
            self._said = failure.getErrorMessage()
            self._log.warn("{what} failed: {why}", what=self._what, why=self._said)
