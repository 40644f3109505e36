"""The networks the bot is on; which they are may change while it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred, DeferredLock, gatherResults, maybeDeferred

from fingerpost_irc.configuration import Network
from fingerpost_irc.credentials import Credentials
from fingerpost_irc.network import NetworkService

__all__ = ["Networks", "Wanted"]

Wanted = Sequence[tuple[Network, Credentials]]


class Networks(MultiService):
    """One service for each network, made by `make`."""

    def __init__(self, make: Callable[[Network, Credentials], NetworkService]) -> None:
        super().__init__()
        self._make = make
        self._lock = DeferredLock()

    def take(self, wanted: Wanted) -> Deferred[None]:
        """Be on these networks. A connection stays where nothing has changed, unless the server had banned us."""
        return self._lock.run(lambda: Deferred.fromCoroutine(self._take(wanted)))

    def stopService(self) -> Deferred[Any]:
        """See `IService`; a change that is under way comes first."""
        return self._lock.run(super().stopService)

    async def _take(self, wanted: Wanted) -> None:
        """The old ones go first: a bot that is still there would hold the nick that its successor wants."""
        services: list[Any] = list(self)
        gone = [each for each in services if each.given_up or (each.network, each.credentials) not in wanted]
        await gatherResults([maybeDeferred(each.disownServiceParent) for each in gone])
        for network, credentials in wanted:
            if network.name not in self.namedServices:
                self._make(network, credentials).setServiceParent(self)
