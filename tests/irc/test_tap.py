"""The irc service as it is put together."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from fingerpost.errors import FingerpostError
from fingerpost.model import Change, Person, Record, Status
from fingerpost_irc.tap import Config, make
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHostnameResolver, IReactorPluggableNameResolver
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from tests.irc.kit import network
from tests.kit import metrics


@implementer(IHostnameResolver)
class Resolver:
    """Every name is the same address."""

    def resolveHostName(
        self,
        resolutionReceiver: Any,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Any = None,
        transportSemantics: str = "TCP",
    ) -> Any:
        """See `IHostnameResolver`."""
        receiver = resolutionReceiver
        receiver.resolutionBegan(None)
        receiver.addressResolved(IPv4Address("TCP", "192.0.2.1", portNumber))
        receiver.resolutionComplete()


@implementer(IReactorPluggableNameResolver)
class Reactor(MemoryReactorClock):
    """A reactor in memory that resolves names; that of Twisted 24.11 does not."""

    def __init__(self) -> None:
        super().__init__()
        self.nameResolver = Resolver()

    def installNameResolver(self, resolver: Any) -> Any:
        """See `IReactorPluggableNameResolver`."""


class ServiceTests(SynchronousTestCase):
    """A service that has no real reactor."""

    def setUp(self) -> None:
        self.reactor: Any = Reactor()

    def start(self, *networks: Any) -> list[str]:
        """Start a service; what it logs."""
        with capturedLogs() as logs:
            self.service = make(Config(networks=networks), self.reactor, metrics())
            self.service.startService()
        self.addCleanup(self.stop)
        return [formatEvent(event) or "" for event in logs]

    def stop(self) -> None:
        self.service.stopService()
        self.reactor.advance(5)

    def test_nothing_to_do(self) -> None:
        """Without a network the service runs, and says that it has nothing to do."""
        self.assertIn("No IRC network is configured, so there is nothing to do", self.start())

    def test_networks(self) -> None:
        """Each network is connected to, at its usual port."""
        self.start(network(server="192.0.2.1"), network(name="plain", server="192.0.2.2", tls=False))
        self.assertEqual([port for _, port, *_ in self.reactor.tcpClients], [6697, 6667])

    def test_strangers(self) -> None:
        """Everybody is answered as a stranger, since a channel has all kinds of readers."""
        self.start(network(server="192.0.2.1"))
        self.service.replica.complete = True
        record = Record(
            Person("ada"), Status("Happy", datetime(2026, 1, 1, tzinfo=UTC), "cli"), ("status", "since", "via")
        )
        self.service.replica._heard(1, 1, [Change(1, "ada", record)])
        (connected,) = self.service._networks
        answer = self.successResultOf(Deferred.fromCoroutine(connected._answers.answer("ada")))
        self.assertEqual(answer.text, "Status of ada: No status.")
        self.assertEqual(connected._news.next(), "")

    def test_missing_secret(self) -> None:
        """A secret that can't be read ends the service before it has begun, with a sentence."""
        with self.assertRaises(FingerpostError) as caught:
            make(Config(networks=(network(password="/nosuch/password"),)), self.reactor, metrics())
        self.assertIn("network testnet: password: '/nosuch/password' cannot be read", str(caught.exception))

    def test_reload(self) -> None:
        """A new configuration is taken up with the secrets that it names as they are now."""
        path = Path(mkdtemp()) / "password"
        path.write_text("old")
        self.start(network(server="192.0.2.1", password=str(path)))
        path.write_text("new")
        config = Config(networks=(network(server="192.0.2.1", password=str(path)),))
        prepared = self.service.prepare(config)
        self.service.reload(config, prepared)
        self.assertEqual(len(self.reactor.tcpClients), 2)
        self.service.reload(config, self.service.prepare(config))
        self.assertEqual(len(self.reactor.tcpClients), 2)
