"""One network: a connection that comes back, unless the server has said that it should not."""

from __future__ import annotations

from typing import Any

from fingerpost.interfaces import IStatuses
from fingerpost.model import Change
from fingerpost.ops.draining import Drain
from fingerpost.ops.events import Event
from fingerpost.ops.requests import Requests
from twisted.application.internet import ClientService
from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Factory
from twisted.logger import Logger
from zope.interface import implementer

from fingerpost_irc.announcements import News
from fingerpost_irc.answers import Answers
from fingerpost_irc.backoff import Backoff
from fingerpost_irc.bot import Bot
from fingerpost_irc.configuration import Network
from fingerpost_irc.credentials import Credentials
from fingerpost_irc.presence import Presence
from fingerpost_irc.reasons import reason_of

__all__ = ["NetworkService"]

_GOODBYE = 2.0  # seconds for the server to end the connection after our QUIT


@implementer(IStreamClientEndpoint)
class _Heeded:
    """An endpoint whose failures somebody hears of: `ClientService` logs when it tries again, but not why."""

    def __init__(self, name: str, endpoint: IStreamClientEndpoint, failed: Any) -> None:
        self._name = name
        self._endpoint = endpoint
        self._failed = failed

    def __repr__(self) -> str:
        return self._name

    def connect(self, protocolFactory: Any) -> Deferred[Any]:
        """See `IStreamClientEndpoint`."""
        return self._endpoint.connect(protocolFactory).addErrback(self._failed)


class _Bots(Factory):
    noisy = False

    def __init__(self, make: Any) -> None:
        self._make = make

    def buildProtocol(self, addr: Any) -> Bot:
        """See `IProtocolFactory`."""
        bot: Bot = self._make()
        bot.factory = self
        return bot


class NetworkService(Service):
    """Keeps a bot on a network. What is news while it is not connected waits, and is told if it is news then still."""

    _log = Logger()

    def __init__(
        self,
        clock: Any,
        network: Network,
        credentials: Credentials,
        endpoint: IStreamClientEndpoint,
        requests: Requests,
        statuses: IStatuses,
    ) -> None:
        self._requests = requests
        self.setName(network.name)
        self.network = network
        self.credentials = credentials
        self.given_up = False
        self._clock = clock
        self._endpoint = _Heeded(network.name, endpoint, self._not_connected)
        self._statuses = statuses
        self._answers = Answers(statuses)
        self._news = News(clock)
        self._present: set[Presence] = set()
        self._drain = Drain(clock, self._present)
        self._complaint = ""

    def startService(self) -> None:
        """See `IService`."""
        super().startService()
        self._unwatch = self._statuses.watch(self._heard)
        self._backoff = Backoff(self._clock)
        self._client = ClientService(self._endpoint, _Bots(self._bot), retryPolicy=self._backoff, clock=self._clock)
        self._client.startService()

    def stopService(self) -> Deferred[None]:
        """Say goodbye; fires when the connection has ended, a few seconds later at most."""
        super().stopService()
        self._unwatch()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        for bot in tuple(self._present):
            bot.leave_network()
        await self._drain.wait(_GOODBYE)
        await self._client.stopService()

    def _bot(self) -> Bot:
        return Bot(self._clock, self.network, self.credentials, self, self._requests, self._answers, self._news)

    def _heard(self, change: Change) -> None:
        if self.network.announce and self._news.heard(change):
            for bot in self._present:
                bot.pace.wake()

    # What becomes of connections: see `Watcher`

    def connected(self, bot: Presence) -> None:
        """See `Watcher`."""
        self._present.add(bot)

    def welcomed(self) -> None:
        """See `Watcher`."""
        self._complaint = ""
        self._backoff.welcomed()

    def banned(self, reason: str) -> None:
        """See `Watcher`."""
        if self.running and not self.given_up:
            self.given_up = True
            self._log.error(
                "{finger_network}: the server has banned this bot, which stays away until a reload or a restart: "
                "{finger_reason}",
                message_id=Event.IRC_REFUSED, finger_network=self.network.name, finger_reason=reason,
            )  # fmt: skip

    def lost(self, bot: Presence, reason: Any, last_words: str) -> None:
        """See `Watcher`."""
        self._present.discard(bot)
        if self.given_up or not self.running:
            # Before ClientService hears of the end itself: after it, it would go and try again.
            self._client.stopService()
        else:
            self._complain("the connection was lost", last_words or reason_of(reason, self.network.server))
        self._drain.left()

    def _not_connected(self, failure: Any) -> Any:
        if not failure.check(CancelledError):
            self._complain("no connection", reason_of(failure, self.network.server))
        return failure

    def _complain(self, what: str, reason: str) -> None:
        """Say once what is wrong, until it is something else."""
        complaint = f"{what}: {reason}"
        if complaint != self._complaint:
            self._complaint = complaint
            host, port = self.network.address
            self._log.warn(
                "{finger_network}: {finger_reason} ({host}, port {port}); it is tried again from time to time",
                message_id=Event.IRC_AWAY, finger_network=self.network.name, finger_reason=complaint,
                host=host, port=port,
            )  # fmt: skip
