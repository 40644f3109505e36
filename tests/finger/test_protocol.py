"""Finger on the wire, without a wire: one line, one answer, and a close that cuts nothing off."""

from __future__ import annotations

from typing import Any

from fingerpost.disclosure import Site
from fingerpost.model import Audience, Person
from fingerpost.ops.access import LogConfig
from fingerpost.ops.limits import Limits
from fingerpost.ops.visits import Answer
from fingerpost.testing import MemoryStatuses
from fingerpost_finger.answers import Answers
from fingerpost_finger.policy import Policy
from fingerpost_finger.protocol import FingerFactory
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import capturedLogs, formatEvent
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tests.kit import counted, requests

UNLIMITED = Limits(rate=0, per_address=0, total=0)


class Wire(StringTransport):
    """A transport that can be half closed, as TCP can."""

    half_closed = aborted = False

    def loseWriteConnection(self) -> None:
        self.half_closed = True

    def abortConnection(self) -> None:
        self.aborted = True


class Visitor:
    """A client of a finger service."""

    def __init__(self, factory: FingerFactory, host: str = "192.0.2.1") -> None:
        kind = IPv6Address if ":" in host else IPv4Address
        address = kind("TCP", host, 4711) if host else UNIXAddress(None)
        self.protocol: Any = factory.buildProtocol(address)
        self.wire = Wire()
        self.protocol.makeConnection(self.wire)

    def send(self, data: bytes) -> None:
        self.protocol.dataReceived(data)

    def end(self) -> None:
        self.protocol.readConnectionLost()

    def lose(self) -> None:
        self.protocol.connectionLost(Failure(ConnectionDone()))

    @property
    def got(self) -> bytes:
        return self.wire.value()


class ProtocolTests(SynchronousTestCase):
    """A visit to the finger service."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.statuses = MemoryStatuses(self.clock)
        self.statuses.add(Person("moshez", full_name="Moshe Zadka"), "Happy")
        self.factory = self.make(UNLIMITED)

    def make(self, limits: Limits) -> FingerFactory:
        self.requests = requests(self.clock)
        factory = FingerFactory(self.clock, limits, self.requests, Answers(self.statuses, Policy()))
        factory.doStart()
        self.addCleanup(self.stop, factory)
        return factory

    def stop(self, factory: FingerFactory) -> None:
        if factory._sweeping.running:
            factory._sweeping.stop()

    def visit(self, host: str = "192.0.2.1") -> Visitor:
        return Visitor(self.factory, host)

    def test_answer_then_half_close(self) -> None:
        """After the answer our side is closed, and the connection ends when the client's side is too."""
        visitor = self.visit()
        visitor.send(b"moshez\r\n")
        self.assertIn(b"Moshe Zadka", visitor.got)
        self.assertTrue(visitor.wire.half_closed)
        self.assertFalse(visitor.wire.disconnecting)
        visitor.end()
        self.assertTrue(visitor.wire.disconnecting)

    def test_where_it_is_asked_from(self) -> None:
        """What is for local networks is shown to who asks from one of them, and to processes on this machine."""
        self.statuses.site = Site(local=("192.0.2.0/25", "2001:db8::/32"), fields={"office": Audience.LOCAL})
        self.statuses.add(Person("ada", office="Room 1"))
        for host in ("192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", ""):
            visitor = self.visit(host)
            visitor.send(b"ada\r\n")
            self.assertIn(b"Room 1", visitor.got, host)
        for host in ("192.0.2.200", "2001:db9::1", "127.0.0.1"):
            visitor = self.visit(host)
            visitor.send(b"ada\r\n")
            self.assertNotIn(b"Room 1", visitor.got, host)

    def test_one_byte_at_a_time(self) -> None:
        """A query that arrives byte by byte is answered once it is whole, and once only."""
        visitor = self.visit()
        for byte in b"moshez\r\n\r\nmoshez\r\n":
            visitor.send(bytes([byte]))
        self.assertEqual(visitor.got.count(b"Login:"), 1)

    def test_half_closing_client(self) -> None:
        """A client that closes its side behind the query, or in place of a line end, is answered."""
        for query in (b"moshez\r\n", b"moshez"):
            visitor = self.visit()
            visitor.send(query)
            visitor.end()
            self.assertIn(b"Moshe Zadka", visitor.got)
            self.assertTrue(visitor.wire.disconnecting)

    def test_unread_input_is_drained(self) -> None:
        """70 kB behind, or instead of, a query are read and dropped, so that the answer is not lost in a reset."""
        for start in (b"moshez\r\n", b"x"):
            visitor = self.visit()
            visitor.send(start + b"x" * 70_000)
            got = visitor.got
            self.assertTrue(got.endswith(b"\r\n"))
            self.assertTrue(visitor.wire.half_closed)
            visitor.send(b"x" * 70_000)
            self.assertEqual(visitor.got, got)
            self.assertFalse(visitor.wire.disconnecting)

    def test_silent_client(self) -> None:
        """A client that asks nothing is told so after ten seconds, and cut off if it stays."""
        visitor = self.visit()
        visitor.send(b"mos")
        self.clock.pump([1.0] * 9)
        self.assertEqual(visitor.got, b"")
        self.clock.pump([1.0] * 2)
        self.assertEqual(visitor.got, b"You took too long to ask; please try again.\r\n")
        self.clock.pump([1.0] * 11)
        self.assertTrue(visitor.wire.aborted)

    def test_dripping_client(self) -> None:
        """Sending a byte now and then buys no time."""
        visitor = self.visit()
        for _ in range(12):
            visitor.send(b"x")
            self.clock.advance(1)
        self.assertIn(b"too long", visitor.got)

    def test_client_that_never_closes(self) -> None:
        """A client that was answered and does not close is cut off in the end."""
        visitor = self.visit()
        visitor.send(b"moshez\r\n")
        self.clock.pump([1.0] * 12)
        self.assertTrue(visitor.wire.aborted)

    def test_client_that_leaves_early(self) -> None:
        """A client that is gone before its answer is ready disturbs nobody."""
        answer: Deferred[Answer] = Deferred()

        async def wait(line: bytes, host: str) -> Answer:
            return await answer

        self.patch(self.factory.answers, "answer", wait)
        visitor = self.visit()
        visitor.send(b"moshez\r\n")
        visitor.lose()
        answer.callback(Answer(b"late\r\n"))
        self.assertEqual(visitor.got, b"")

    def test_defect(self) -> None:
        """Should answering fail, the client gets a sentence and the operator the traceback."""
        self.patch(self.statuses, "get", lambda name: 1 / 0)
        visitor = self.visit()
        visitor.send(b"moshez\r\n")
        self.assertEqual(visitor.got, b"Something went wrong here; it has been logged.\r\n")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_too_many_requests(self) -> None:
        """Who asks too often is refused in words; an IPv4 address is the same over an IPv6 socket."""
        self.factory = self.make(Limits(rate=1, burst=1, per_address=0))
        self.assertEqual(self.visit().got, b"")
        refused = self.visit("::ffff:192.0.2.1")
        self.assertIn(b"Too many requests", refused.got)
        self.assertTrue(refused.wire.half_closed)
        self.assertEqual(self.visit("192.0.2.2").got, b"")

    def test_too_many_connections(self) -> None:
        """An address may have only so many visits at once; a refused one does not count."""
        self.factory = self.make(Limits(rate=0, per_address=1))
        first = self.visit()
        for _ in range(3):
            refused = self.visit()
            self.assertIn(b"Too many connections", refused.got)
            refused.lose()
        first.lose()
        self.assertEqual(self.visit().got, b"")

    def test_refused_visitors_hold_nothing(self) -> None:
        """Whoever is refused may read why for a second; hundreds of them are turned away without a word."""
        self.factory = self.make(Limits(rate=0, per_address=2, total=100))
        visits = [self.factory.buildProtocol(IPv4Address("TCP", "192.0.2.1", n)) for n in range(300)]
        held = [visit for visit in visits if visit is not None]
        self.assertEqual(len(held), 4)
        for visit in held:
            visit.makeConnection(Wire())
        self.clock.pump([1.0] * 2)
        self.assertEqual([visit.transport.aborted for visit in held], [False, False, True, True])
        self.assertIsNotNone(self.factory.buildProtocol(IPv4Address("TCP", "192.0.2.2", 1)))

    def test_time_to_read(self) -> None:
        """A query that comes in the last moment still leaves ten seconds to read the answer."""
        visitor = self.visit()
        self.clock.pump([1.0] * 9)
        visitor.send(b"moshez\r\n")
        self.clock.pump([1.0] * 9)
        self.assertFalse(visitor.wire.aborted)
        self.clock.pump([1.0] * 2)
        self.assertTrue(visitor.wire.aborted)

    def test_audit(self) -> None:
        """An administrator can have every query logged, with who asked and made harmless; by default none is."""
        with capturedLogs() as events:
            self.visit().send(b"mo\x1bshez\r\n")
            self.requests.access.config = LogConfig(access=True, peers="full")
            self.visit("::ffff:192.0.2.7").send(b"mo\x1bshez\r\n")
        (said,) = [formatEvent(event) for event in events]
        self.assertIn("'mo\\x1bshez' from 192.0.2.7: not_found", str(said))

    def test_counted(self) -> None:
        """Each query is counted once, by what became of it."""
        for line in (b"moshez\r\n", b"zadka\r\n", b"nobody\r\n", b"a@b\r\n", b"\r\n", b"x" * 600):
            self.visit().send(line)
        self.statuses.away = True
        self.visit().send(b"moshez\r\n")
        expected = {"answered": 3, "not_found": 1, "denied": 1, "refused": 1, "unavailable": 1}
        self.assertEqual(counted(self.requests), expected)

    def test_drain(self) -> None:
        """On stop, visits under way are answered first, and cut off after ten seconds."""
        self.assertTrue(self.successResultOf(self.factory.drain(10)) is None)
        visitor = self.visit()
        drained = self.factory.drain(10)
        visitor.send(b"moshez\r\n")
        self.assertIn(b"Moshe", visitor.got)
        visitor.lose()
        self.successResultOf(drained)
        slow = self.visit()
        drained = self.factory.drain(10)
        self.clock.advance(10)
        self.assertTrue(slow.wire.aborted)
        self.successResultOf(drained)

    @given(st.lists(st.binary(max_size=200), max_size=8))
    def test_any_input(self, pieces: list[bytes]) -> None:
        """Any bytes in any pieces get one clean answer by the end of input."""
        visitor = self.visit()
        for piece in pieces:
            visitor.send(piece)
        visitor.end()
        got = visitor.got
        assert got.endswith(b"\r\n")
        assert got.count(b"\n") == got.count(b"\r\n") == got.count(b"\r")
