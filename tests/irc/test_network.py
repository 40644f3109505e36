"""One network and several: coming back, going away, and what the log says of it."""

from __future__ import annotations

from typing import Any

from fingerpost.model import Person
from fingerpost.testing import MemoryStatuses
from fingerpost_irc.backoff import Backoff
from fingerpost_irc.configuration import Network
from fingerpost_irc.credentials import Credentials
from fingerpost_irc.network import NetworkService
from fingerpost_irc.networks import Networks
from fingerpost_irc.reasons import reason_of
from OpenSSL.SSL import Error, SysCallError
from service_identity import VerificationError
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectError, ConnectionDone
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from tests.irc.kit import START, Wire, network
from tests.kit import requests


class Line(Wire):
    """A transport whose end the bot hears of."""

    def __init__(self, protocol: Any) -> None:
        super().__init__()
        self.protocol = protocol
        self.ended = False

    def end(self) -> None:
        if not self.ended:
            self.ended = True
            self.protocol.connectionLost(Failure(ConnectionDone()))

    def loseConnection(self) -> None:
        self.end()

    def abortConnection(self) -> None:
        self.aborted = True
        self.end()


@implementer(IStreamClientEndpoint)
class Server:
    """A server that can be `up` or not; `lines` are the connections there have been."""

    def __init__(self) -> None:
        self.up = True
        self.lines: list[Line] = []
        self.tried = 0

    def connect(self, protocolFactory: Any) -> Deferred[Any]:
        """See `IStreamClientEndpoint`."""
        self.tried += 1
        if not self.up:
            return fail(ConnectError())
        protocol = protocolFactory.buildProtocol(None)
        self.lines.append(Line(protocol))
        protocol.makeConnection(self.lines[-1])
        return succeed(protocol)

    def send(self, line: str) -> None:
        self.lines[-1].protocol.dataReceived(f"{line}\r\n".encode())


class NetworkTestCase(SynchronousTestCase):
    """A server, and services that may be on its network."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(START)
        self.server = Server()
        self.statuses = MemoryStatuses(self.clock)
        self.service = self.make(network(), Credentials())

    def make(self, config: Network, credentials: Credentials) -> NetworkService:
        return NetworkService(self.clock, config, credentials, self.server, requests(self.clock), self.statuses)


class NetworkTests(NetworkTestCase):
    """A service on one network."""

    def start(self) -> None:
        self.service.startService()
        self.addCleanup(self.clock.advance, 10)

    def welcome(self, seconds: float = 0) -> None:
        self.server.send(":irc.example.org 001 fingerpost :Welcome")
        self.server.send(":fingerpost!f@h JOIN #test")
        for _ in range(int(seconds / 10)):
            self.clock.advance(10)
            self.server.send(":irc.example.org PONG x")

    def lose(self, words: str = "") -> None:
        if words:
            self.server.send(f"ERROR :{words}")
        self.server.lines[-1].end()

    def test_comes_back(self) -> None:
        """A connection that was good and is lost is there again after a second or so, whatever was before it."""
        self.start()
        for _ in range(100):
            self.server.lines[-1].end()
            self.clock.advance(1)
        while self.server.lines[-1].ended:
            self.clock.advance(1)
        before = self.server.tried
        self.welcome(seconds=100)
        self.lose()
        self.clock.advance(1.2)
        self.assertEqual(self.server.tried, before + 1)

    def test_never_let_in(self) -> None:
        """A server that takes connections and does not let us in is tried less and less often."""
        self.start()
        for _ in range(3600):
            if not self.server.lines[-1].ended:
                self.lose("Throttled")
            self.clock.advance(1)
        self.assertLess(self.server.tried, 25)

    def test_says_why_once(self) -> None:
        """Why there is no connection is said in the log, and again only when it is something else."""
        self.server.up = False
        with capturedLogs() as logs:
            self.start()
            self.clock.pump([60.0] * 10)
            self.server.up = True
            while not self.server.lines:
                self.clock.advance(1)
            self.lose("Closing Link: (Shutdown)")
        said = [text for event in logs if (text := formatEvent(event) or "").startswith("testnet: ")]
        self.assertEqual(
            said,
            [
                "testnet: no connection: An error occurred while connecting. (irc.example.org, port 6697); "
                "it is tried again from time to time",
                "testnet: the connection was lost: Closing Link: (Shutdown) (irc.example.org, port 6697); "
                "it is tried again from time to time",
            ],
        )

    def test_says_it_again(self) -> None:
        """After a connection that was good, the same reason is said again."""
        self.start()
        with capturedLogs() as logs:
            for _ in range(2):
                self.welcome()
                self.lose("Closing Link: (Shutdown)")
                self.clock.advance(3)
        said = [event for event in logs if "the connection was lost" in (formatEvent(event) or "")]
        self.assertEqual(len(said), 2)

    def test_banned(self) -> None:
        """A server that has banned us is not tried again, and the log says so, once."""
        self.start()
        self.welcome()
        with capturedLogs() as logs:
            self.server.send(":irc.example.org 465 fingerpost :K-lined")
            self.lose()
            self.clock.pump([300.0] * 5)
        self.assertEqual(self.server.tried, 1)
        self.assertTrue(self.service.given_up)
        said = [formatEvent(event) for event in logs if event.get("log_level").name == "error"]
        self.assertEqual(len(said), 1)
        self.assertIn("stays away until a reload or a restart: K-lined", said[0])
        self.successResultOf(self.service.stopService())

    def test_stop(self) -> None:
        """At the end the bot says goodbye, and waits for the server to end the connection."""
        self.start()
        self.welcome()
        self.server.lines[-1].clear()
        stopping = self.service.stopService()
        self.assertEqual(self.server.lines[-1].value(), b"QUIT :Fingerpost says goodbye\r\n")
        self.assertNoResult(stopping)
        with capturedLogs() as logs:
            self.lose("Closing Link: (Quit)")
        self.successResultOf(stopping)
        self.assertEqual([formatEvent(event) for event in logs], [])
        self.clock.advance(600)
        self.assertEqual(self.server.tried, 1)

    def test_stop_without_answer(self) -> None:
        """A server that does not end the connection is not waited for longer than two seconds."""
        self.start()
        self.welcome()
        stopping = self.service.stopService()
        self.clock.advance(2)
        self.successResultOf(stopping)
        self.assertTrue(self.server.lines[-1].aborted)

    def test_stop_while_away(self) -> None:
        """Where there is no connection, there is nothing to wait for."""
        self.server.up = False
        self.start()
        self.successResultOf(self.service.stopService())
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_news(self) -> None:
        """What is set while there is no connection is announced when there is one, if that does not take too long."""
        self.start()
        self.lose()
        self.statuses.add(Person("moshez"), "Happy")
        self.clock.advance(3)
        self.welcome()
        self.assertIn(b"PRIVMSG #test :New status of moshez: Happy", self.server.lines[-1].value())

    def test_no_news(self) -> None:
        """With `announce: false` nothing is announced, and after the stop nothing is listened to."""
        self.service = self.make(network(announce=False), Credentials())
        self.start()
        self.welcome()
        self.statuses.add(Person("moshez"), "Happy")
        self.assertNotIn(b"New status", self.server.lines[-1].value())
        self.service.stopService()
        self.assertEqual(self.statuses._listeners, [])


class NetworksTests(NetworkTestCase):
    """A reload."""

    def setUp(self) -> None:
        super().setUp()
        self.networks = Networks(self.make)
        self.one = (network(), Credentials())

    def take(self, *wanted: tuple[Network, Credentials]) -> None:
        taking = self.networks.take(wanted)
        self.clock.advance(3)
        self.successResultOf(taking)

    def names(self) -> list[str]:
        return sorted(self.networks.namedServices)

    def test_unchanged(self) -> None:
        """Where nothing has changed, the connection stays; others come and go beside it."""
        self.take(self.one)
        self.networks.startService()
        self.take(self.one, (network(name="other"), Credentials()))
        self.assertEqual((self.names(), self.server.tried), (["other", "testnet"], 2))
        self.take(self.one)
        self.assertEqual((self.names(), self.server.tried), (["testnet"], 2))
        self.assertFalse(self.server.lines[0].ended)

    def test_changed(self) -> None:
        """A network whose configuration or secret has changed is left first, and then entered again."""
        self.take(self.one)
        self.networks.startService()
        for number, wanted in enumerate(
            ((network(nick="other"), Credentials()), (network(nick="other"), Credentials(password="new"))), 1
        ):
            self.take(wanted)
            self.assertTrue(self.server.lines[number - 1].ended)
            self.assertIn(b"NICK other", self.server.lines[number].value())

    def test_after_a_ban(self) -> None:
        """A reload tries a network again that had banned the bot."""
        self.take(self.one)
        self.networks.startService()
        self.server.send("ERROR :K-lined")
        self.server.lines[0].end()
        self.take(self.one)
        self.assertEqual(self.server.tried, 2)

    def test_everything_stops(self) -> None:
        """At the end every network is left, after a reload that is still under way."""
        self.take(self.one, (network(name="other"), Credentials()))
        self.networks.startService()
        taking = self.networks.take([self.one, (network(name="third"), Credentials())])
        stopping = self.networks.stopService()
        self.clock.pump([2.0, 2.0])
        self.successResultOf(taking)
        self.successResultOf(stopping)
        self.assertTrue(all(line.ended for line in self.server.lines))

    def test_stops_after_a_reload(self) -> None:
        """The end waits for a network that is being left by a reload."""
        self.take(self.one, (network(name="other"), Credentials()))
        self.networks.startService()
        taking = self.networks.take([self.one])
        stopping = self.networks.stopService()
        self.server.lines[0].end()
        self.assertNoResult(stopping)
        self.clock.pump([2.0, 2.0])
        self.successResultOf(taking)
        self.successResultOf(stopping)


class BackoffTests(SynchronousTestCase):
    """How long to wait."""

    def test_growing(self) -> None:
        """Each failure doubles the wait, up to five minutes, however many there are."""
        backoff = Backoff(Clock(), lambda: 1.0)
        waits = [backoff(0) for _ in range(2000)]
        self.assertEqual(waits[:10], [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 300.0])
        self.assertEqual(waits[-1], 300.0)

    def test_settled(self) -> None:
        """After a minute on the network the wait is short again; a welcome alone does not make it so."""
        clock = Clock()
        backoff = Backoff(clock, lambda: 1.0)
        for wanted in (1.0, 2.0, 4.0):
            backoff.welcomed()
            clock.advance(59)
            self.assertEqual(backoff(0), wanted)
        backoff.welcomed()
        clock.advance(60)
        self.assertEqual(backoff(0), 1.0)

    def test_spread(self) -> None:
        """Bots that were lost together do not come back together."""
        self.assertGreater(len({Backoff(Clock())(0) for _ in range(20)}), 10)


class ReasonTests(SynchronousTestCase):
    """Why a network can't be reached."""

    def reason(self, error: Exception) -> str:
        return reason_of(Failure(error), "irc.example.org")

    def test_reasons(self) -> None:
        """What OpenSSL and others say is put so that an operator can act on it."""
        verify = Error([("SSL routines", "", "certificate verify failed")])
        version = Error([("SSL routines", "", "wrong version number")])
        self.assertIn("signed by no authority that is trusted here (see the key `ca`)", self.reason(verify))
        self.assertIn("is that its port for TLS? (wrong version number)", self.reason(version))
        self.assertIn("(104 ECONNRESET)", self.reason(SysCallError(104, "ECONNRESET")))
        for nothing in (Error(), Error([])):
            self.assertIn("no reason given", self.reason(nothing))
        self.assertEqual(
            self.reason(VerificationError(errors=[])), "its certificate is not for the name irc.example.org"
        )
        self.assertEqual(self.reason(ConnectError()), "An error occurred while connecting.")
