"""Connections that stay: who is let in, and how they end."""

from __future__ import annotations

from typing import Any

from fingerpost.ops.guard import Guard
from fingerpost.ops.limits import Admission, Limits
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.protocol import Factory
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tests.kit import counted, requests


class GuardTests(SynchronousTestCase):
    """A guard in front of any factory."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.asked_to_finish = 0
        self.requests = requests(self.clock)
        self.guard = Guard(
            self.clock,
            Admission(Limits(rate=1, burst=2, per_address=2, total=3), self.clock),
            self.requests,
            Factory.forProtocol(LineReceiver),
            self.finish,
        )

    def finish(self) -> None:
        self.asked_to_finish += 1

    def come(self, host: str = "192.0.2.1") -> Any:
        kind = IPv6Address if ":" in host else IPv4Address
        connection = self.guard.buildProtocol(kind("TCP", host, 1234))
        if connection is not None:
            connection.makeConnection(StringTransport())
        return connection

    def go(self, connection: Any) -> None:
        connection.connectionLost(Failure(ConnectionError()))

    def test_how_many_are_let_in(self) -> None:
        """One address may hold so many connections, and all together so many; who leaves makes room."""
        first, second = self.come(), self.come("::ffff:192.0.2.1")
        self.assertIsNone(self.come())
        self.assertIsNotNone(self.come("192.0.2.2"))
        self.assertIsNone(self.come("192.0.2.3"))
        self.assertEqual(counted(self.requests), {"refused": 2})
        self.go(first)
        self.assertIsNotNone(self.come())
        self.go(second)
        self.assertIsNotNone(self.guard.buildProtocol(UNIXAddress(None)))

    def test_peers_without_an_address(self) -> None:
        """Who has no address may be limited by something else that the connection tells, such as the user."""
        guard = Guard(
            self.clock,
            Admission(Limits(rate=1, burst=2, per_address=1, total=3), self.clock),
            self.requests,
            Factory.forProtocol(LineReceiver),
            self.finish,
            lambda transport: transport.user,
        )

        def come(user: str) -> Any:
            connection: Any = guard.buildProtocol(UNIXAddress(None))
            transport: Any = StringTransport()
            transport.user = user
            connection.makeConnection(transport)
            return connection

        first, second, other = come("uid 1"), come("uid 1"), come("uid 2")
        self.assertEqual([each.transport.disconnected for each in (first, second, other)], [False, True, False])
        self.assertEqual(counted(self.requests), {"refused": 1})
        for each in (first, second):
            self.go(each)
        self.assertFalse(come("uid 1").transport.disconnected)

    def test_connections_do_not_spend_requests(self) -> None:
        """How often somebody connects does not count as asking: each request does."""
        for _ in range(10):
            self.go(self.come())
        self.assertIsNone(self.guard.admission.request("192.0.2.1"))

    def test_drain(self) -> None:
        """When the service stops, connections are asked to finish, and it waits until they have."""
        first, second = self.come(), self.come()
        drained = self.guard.drain(5)
        self.assertEqual(self.asked_to_finish, 1)
        self.go(first)
        self.assertNoResult(drained)
        self.go(second)
        self.successResultOf(drained)

    def test_drain_has_an_end(self) -> None:
        """Who does not finish in time is cut off."""
        connection = self.come()
        drained = self.guard.drain(5)
        self.clock.advance(5)
        self.successResultOf(drained)
        self.assertTrue(connection.transport.disconnecting or connection.transport.disconnected)
