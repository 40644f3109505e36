"""Services that end when nobody wants anything of them."""

from __future__ import annotations

from fingerpost.ops.idle import IdleExit
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase


class Reactor(Clock):
    """A clock that can be told to stop, as a reactor can."""

    stopped = 0

    def stop(self) -> None:
        """The end."""
        self.stopped += 1


class IdleTests(SynchronousTestCase):
    """A service that ends after 60 seconds."""

    def setUp(self) -> None:
        self.reactor = Reactor()
        self.use = (0, 0)
        self.idle = IdleExit(self.reactor, 60, lambda: self.use)
        self.idle.startService()

    def test_nobody_comes(self) -> None:
        """Without a client the process ends after the time, once."""
        self.reactor.pump([1.0] * 59)
        self.assertEqual(self.reactor.stopped, 0)
        self.reactor.pump([1.0] * 60)
        self.assertEqual(self.reactor.stopped, 1)
        self.idle.stopService()

    def test_requests(self) -> None:
        """Each request begins the time anew, however soon it was over."""
        for number in range(10):
            self.use = (0, number)
            self.reactor.pump([1.0] * 50)
        self.assertEqual(self.reactor.stopped, 0)

    def test_connections(self) -> None:
        """While somebody is connected, silent or not, the process goes on."""
        self.use = (1, 1)
        self.reactor.pump([1.0] * 1000)
        self.assertEqual(self.reactor.stopped, 0)
        self.use = (0, 1)
        self.reactor.pump([1.0] * 62)
        self.assertEqual(self.reactor.stopped, 1)

    def test_stopped(self) -> None:
        """A service that stops for another reason does not do so twice."""
        self.idle.stopService()
        self.reactor.pump([1.0] * 100)
        self.assertEqual(self.reactor.stopped, 0)
