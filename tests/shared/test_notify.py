"""What systemd hears of a service."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from fingerpost.errors import TemporarilyUnavailable
from fingerpost.ops.events import Event
from fingerpost.ops.heartbeat import STATUS_EVERY, Heartbeat
from fingerpost.ops.notify import Notifier, watchdog_seconds
from twisted.application.service import MultiService
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase


class Systemd:
    """The socket that systemd listens on, at a path or an abstract name."""

    def __init__(self, case: SynchronousTestCase, address: str = "") -> None:
        self.address = address or str(Path(mkdtemp(prefix="fp-")) / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.address.replace("@", "\0", 1))
        self.socket.setblocking(False)
        case.addCleanup(self.socket.close)

    def heard(self) -> list[str]:
        """What has come since the last time."""
        found = []
        while True:
            try:
                found.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return found


class NotifierTests(SynchronousTestCase):
    """One message for each thing there is to say."""

    def test_messages(self) -> None:
        """systemd is told what sd_notify(3) defines."""
        systemd = Systemd(self)
        notifier = Notifier(systemd.address)
        notifier.ready("3 records")
        notifier.status("4 records")
        notifier.reloading(lambda: 12.5)
        notifier.watchdog()
        notifier.extend(1.5)
        notifier.stopping()
        self.assertEqual(
            systemd.heard(),
            [
                "READY=1\nSTATUS=3 records",
                "STATUS=4 records",
                "RELOADING=1\nMONOTONIC_USEC=12500000",
                "WATCHDOG=1",
                "EXTEND_TIMEOUT_USEC=1500000",
                "STOPPING=1\nSTATUS=stopping",
            ],
        )

    def test_abstract_address(self) -> None:
        """A socket without a path is reached too."""
        systemd = Systemd(self, f"@fingerpost-test-{os.getpid()}")
        Notifier(systemd.address).watchdog()
        self.assertEqual(systemd.heard(), ["WATCHDOG=1"])

    def test_nobody_listens(self) -> None:
        """Without systemd, or with an address of another kind, nothing is sent and nothing is left to be sent."""
        self.assertTrue(Notifier(None).ready())
        self.assertTrue(Notifier("").ready())
        self.assertTrue(Notifier("vsock:2:1234").ready())

    def test_systemd_is_gone(self) -> None:
        """A socket that can't be reached is no error, but known."""
        self.assertFalse(Notifier("/nosuch/notify").watchdog())
        self.assertFalse(Notifier("/" + "x" * 200).watchdog())

    def test_full_socket(self) -> None:
        """A socket that nobody reads holds nothing up: what had no room is known to be unsent."""
        notifier = Notifier(Systemd(self).address)
        self.assertFalse(all(notifier.watchdog() for _ in range(10_000)))

    def test_status_is_one_line(self) -> None:
        """A status of several lines can't say anything else than a status."""
        systemd = Systemd(self)
        Notifier(systemd.address).status("a\nREADY=1\r\n b")
        self.assertEqual(systemd.heard(), ["STATUS=a READY=1 b"])


class WatchdogSecondsTests(SynchronousTestCase):
    """How often systemd wants to hear."""

    def test_asked_for(self) -> None:
        """The unit's WatchdogSec is taken from the environment."""
        self.assertEqual(watchdog_seconds({"WATCHDOG_USEC": "20000000"}, 7), 20.0)
        self.assertEqual(watchdog_seconds({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": "7"}, 7), 0.5)

    def test_not_asked_for(self) -> None:
        """No watchdog, another process's, or nonsense is none."""
        for environ in ({}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "soon"}):
            self.assertIsNone(watchdog_seconds(environ, 7))
        self.assertIsNone(watchdog_seconds({"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "8"}, 7))


class HeartbeatTests(SynchronousTestCase):
    """A service under systemd, from its start to its end."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.systemd = Systemd(self)
        self.status = "store connected, 3 records"
        self.alive: Callable[[], Any] = lambda: True
        self.events = self.enterContext(capturedLogs())

    def beating(self, watchdog: float | None = None, address: str | None = None) -> Heartbeat:
        """A started heartbeat; what it said at its start has been heard."""
        notifier = Notifier(address or self.systemd.address)
        heart = Heartbeat(self.clock, notifier, "finger", lambda: self.status, lambda: self.alive(), watchdog)
        heart.startService()
        return heart

    def logged(self) -> list[Event]:
        """The events that were logged, by their ids."""
        return [Event(event["message_id"]) for event in self.events if "message_id" in event]

    def test_ready_when_all_listen(self) -> None:
        """READY comes after every part of the service has started, and STOPPING before any of them stops."""
        whole = MultiService()
        other = MultiService()
        other.setServiceParent(whole)
        notifier = Notifier(self.systemd.address)
        seen: list[tuple[int, list[str]]] = []

        def describe() -> str:
            seen.append((other.running, self.systemd.heard()))
            return "answering"

        Heartbeat(self.clock, notifier, "finger", describe, lambda: True, None).setServiceParent(whole)
        whole.startService()
        self.assertEqual([running for running, heard in seen], [1] * len(seen))
        self.assertEqual([heard for running, heard in seen if heard], [])
        self.assertEqual(self.systemd.heard(), ["READY=1\nSTATUS=answering"])
        whole.stopService()
        self.assertEqual(self.systemd.heard(), ["STOPPING=1\nSTATUS=stopping"])
        self.assertEqual(self.logged(), [Event.STARTED, Event.STOPPED])

    def test_status_follows(self) -> None:
        """`systemctl status` shows a change within seconds, and an unchanged status is not sent again."""
        self.beating()
        self.systemd.heard()
        self.clock.advance(STATUS_EVERY)
        self.assertEqual(self.systemd.heard(), [])
        self.status = "store away, 3 records"
        self.clock.advance(STATUS_EVERY)
        self.clock.advance(STATUS_EVERY)
        self.assertEqual(self.systemd.heard(), ["STATUS=store away, 3 records"])

    def test_ready_is_said_until_heard(self) -> None:
        """A READY that systemd had no room for is said again."""
        address = f"{self.systemd.address}-later"
        self.beating(address=address)
        later = Systemd(self, address)
        self.clock.advance(STATUS_EVERY)
        self.assertEqual(later.heard(), [f"READY=1\nSTATUS={self.status}"])

    def test_reload(self) -> None:
        """A reload is seen to begin and to end."""
        heart = self.beating()
        self.systemd.heard()
        heart.reloading()
        begun = self.systemd.heard()
        self.assertRegex(begun[0], r"^RELOADING=1\nMONOTONIC_USEC=\d+$")
        self.clock.advance(STATUS_EVERY)
        self.assertEqual(self.systemd.heard(), [])
        heart.reloaded()
        self.assertEqual(self.systemd.heard(), [f"READY=1\nSTATUS={self.status}"])

    def test_watchdog_is_fed(self) -> None:
        """A service that can answer feeds the watchdog twice in its time, and one without a watchdog never."""
        self.beating(watchdog=10.0)
        self.systemd.heard()
        self.clock.pump([1.0] * 20)
        self.assertEqual(self.systemd.heard().count("WATCHDOG=1"), 4)

    def test_no_watchdog(self) -> None:
        """A service whose unit has no watchdog does not feed one."""
        self.beating()
        self.clock.pump([1.0] * 20)
        self.assertNotIn("WATCHDOG=1", self.systemd.heard())

    def test_one_who_says_no(self) -> None:
        """A service that says it can't answer is not kept alive, which is logged once; nor is its recovery missed."""
        self.alive = lambda: False
        self.beating(watchdog=10.0)
        self.clock.pump([5.0] * 3)
        self.assertNotIn("WATCHDOG=1", self.systemd.heard())
        self.assertEqual(self.logged(), [Event.STARTED, Event.NOT_ANSWERING])
        self.alive = lambda: True
        self.clock.advance(5.0)
        self.assertIn("WATCHDOG=1", self.systemd.heard())
        self.assertEqual(self.logged()[2:], [Event.ANSWERING])

    def test_one_who_says_nothing(self) -> None:
        """A service that does not answer its own question in time is not kept alive."""
        self.alive = Deferred
        self.beating(watchdog=10.0)
        self.clock.pump([1.0] * 10)
        self.assertNotIn("WATCHDOG=1", self.systemd.heard())
        self.assertIn("no answer within 2.5 s", [event.get("finger_reason") for event in self.events])

    def test_one_who_fails(self) -> None:
        """A service that fails at its own question is not kept alive, and the log says why, without a traceback."""

        async def failing() -> bool:
            raise TemporarilyUnavailable("the database does not answer")

        self.alive = failing
        self.beating(watchdog=10.0)
        self.clock.pump([5.0] * 3)
        self.assertNotIn("WATCHDOG=1", self.systemd.heard())
        self.assertIn("the database does not answer", [event.get("finger_reason") for event in self.events])

    def test_an_answer_that_takes_time(self) -> None:
        """An answer may be awaited."""
        answer: Deferred[bool] = Deferred()
        self.alive = lambda: answer
        self.beating(watchdog=10.0)
        self.assertNotIn("WATCHDOG=1", self.systemd.heard())
        answer.callback(True)
        self.assertIn("WATCHDOG=1", self.systemd.heard())

    def test_stopped(self) -> None:
        """Nothing more is said of a service that has stopped, even if a question or a reload ends after it."""
        answer: Deferred[bool] = Deferred()
        self.alive = lambda: answer
        heart = self.beating(watchdog=10.0)
        heart.stopService()
        self.systemd.heard()
        answer.callback(True)
        heart.reloaded()
        self.clock.pump([1.0] * 20)
        self.assertEqual(self.systemd.heard(), [])

    def test_stopped_while_silent(self) -> None:
        """A service that stops is not said to be unable to answer, because nobody asks any more."""
        self.alive = Deferred
        self.beating(watchdog=10.0).stopService()
        self.clock.pump([1.0] * 20)
        self.assertEqual(self.logged(), [Event.STARTED, Event.STOPPED])
