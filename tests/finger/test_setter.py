"""The setter: two lines in, `OK` or `ERROR` out."""

from __future__ import annotations

import os
import pwd
from typing import Any

from fingerpost.errors import NoSuchUser, NotAllowed
from fingerpost.interfaces import Proof
from fingerpost.model import Person
from fingerpost.ops.limits import Limits
from fingerpost.testing import MemoryStatuses
from fingerpost_finger.setter.permission import Asker, proof_for
from fingerpost_finger.setter.protocol import SetterFactory
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.finger.test_protocol import Wire
from tests.kit import counted, requests

ME = pwd.getpwuid(os.geteuid()).pw_name


class PermissionTests(SynchronousTestCase):
    """Who may set whose status."""

    def test_root_sets_any(self) -> None:
        """Root may set anybody's status over the UNIX socket."""
        self.assertEqual(proof_for(Asker(0), "MosheZ", False), Proof("peer", "moshez"))

    def test_own_login_only(self) -> None:
        """Everybody else may set their own, and is told who they are where they try another's."""
        nobody = pwd.getpwnam("daemon")
        self.assertEqual(proof_for(Asker(nobody.pw_uid), "daemon", False), Proof("peer", "daemon"))
        with self.assertRaises(NotAllowed) as caught:
            proof_for(Asker(nobody.pw_uid), "moshez", True)
        self.assertIn("you are daemon, and only moshez or root", str(caught.exception))
        with self.assertRaises(NotAllowed):
            proof_for(Asker(4_000_000), "moshez", True)

    def test_loopback(self) -> None:
        """TCP from this machine is believed only where that is configured, and from elsewhere never."""
        self.assertEqual(proof_for(Asker(loopback=True), "moshez", True), Proof("peer", "moshez"))
        for asker, trust in ((Asker(loopback=True), False), (Asker(loopback=False), True)):
            with self.assertRaises(NotAllowed):
                proof_for(asker, "moshez", trust)


class ProtocolTests(SynchronousTestCase):
    """A visit to the setter."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.statuses = MemoryStatuses(self.clock)
        self.statuses.add(Person("moshez"), "before")
        self.uid: int | None = 0

        def prove(asker: Asker, user: str) -> Deferred[Proof]:
            return maybeDeferred(proof_for, asker, user, True)

        self.requests = requests(self.clock, "finger-setter")
        limits = Limits(rate=0, per_address=0, total=0)
        self.factory = SetterFactory(
            self.clock, limits, self.requests, self.statuses, prove, lambda transport: self.uid
        )
        self.factory.doStart()
        self.addCleanup(self.factory._sweeping.stop)

    def send(self, *pieces: bytes, end: bool = False, quiet: bool = True, address: Any = None) -> bytes:
        """What is answered to some pieces of input."""
        protocol = self.factory.buildProtocol(address or UNIXAddress(None))
        wire = Wire()
        protocol.makeConnection(wire)
        for piece in pieces:
            protocol.dataReceived(piece)
        if end:
            protocol.readConnectionLost()
        if quiet:
            self.clock.advance(0.1)
        return wire.value()

    def shown(self, login: str = "moshez") -> str | None:
        try:
            record = self.successResultOf(Deferred.fromCoroutine(self.statuses.get(login)))
        except self.failureException:
            return None
        return record.status.text if record.status else ""

    def refused(self, *pieces: bytes, end: bool = True) -> str:
        """The reason with which input is refused; nothing is changed by it."""
        answer = self.send(*pieces, end=end)
        self.assertTrue(answer.startswith(b"ERROR: "), answer)
        self.assertEqual(answer.count(b"\r\n"), 1)
        self.assertEqual(self.shown(), "before")
        return answer.decode()

    def test_set(self) -> None:
        """Two lines with either line end, closed behind or not, set a status."""
        for number, (pieces, end) in enumerate(
            [((b"moshez\r\nNEW\r\n",), False), ((b"moshez\nNEW",), True), ((b"mos", b"hez\r", b"\nNEW\n"), True)]
        ):
            new = f"status {number}".encode()
            answer = self.send(*(piece.replace(b"NEW", new) for piece in pieces), end=end)
            self.assertEqual(answer, b"OK moshez: " + new + b"\r\n")
            self.assertEqual(self.shown(), new.decode())

    def test_clear(self) -> None:
        """An empty status clears it."""
        self.assertEqual(self.send(b"moshez\n\n"), b"OK moshez: the status is cleared\r\n")
        self.assertEqual(self.shown(), "")

    def test_new_person(self) -> None:
        """Somebody new becomes known by setting a status, but not by clearing one."""
        self.assertEqual(self.send(b"ada\nHello\n"), b"OK ada: Hello\r\n")
        self.assertEqual(self.send(b"nosuch\n\n"), f"ERROR: {NoSuchUser()}\r\n".encode())

    def test_waits_for_the_end(self) -> None:
        """Nothing is set before the client has been quiet for a moment: more input would have changed it."""
        self.assertEqual(self.send(b"moshez\nnew\n", quiet=False), b"")
        self.assertEqual(self.shown(), "before")

    def test_input_behind_the_lines(self) -> None:
        """A third line, whole or not, in one piece or several, is refused."""
        self.assertIn("after the two lines", self.refused(b"moshez\none\ntwo\n"))
        self.assertIn("after the two lines", self.refused(b"moshez\none\n", b"two", end=False))
        self.assertIn("after the two lines", self.refused(b"moshez\none\n", b"\n", end=False))

    def test_missing_lines(self) -> None:
        """No line, or one alone, is refused."""
        self.assertIn("a user and a status was expected", self.refused())
        self.assertIn("a status was expected", self.refused(b"moshez\n"))
        self.assertIn("a status was expected", self.refused(b"moshez"))
        self.assertIn("names the user", self.refused(b"\nnew\n"))

    def test_too_long(self) -> None:
        """A line without end is refused long before it ends, and so is a status that is too long."""
        self.assertIn("line 1 is longer than 2048 bytes", self.refused(b"x" * 3000, end=False))
        self.assertIn("line 2 is longer", self.refused(b"moshez\n" + b"x" * 3000 + b"\n"))
        self.assertIn("281 characters are too many", self.refused(b"moshez\n" + b"x" * 281 + b"\n"))

    def test_bad_text(self) -> None:
        """What is no UTF-8, or holds control characters, is refused with the reason."""
        self.assertIn("not UTF-8", self.refused(b"moshez\ncaf\xe9\n"))
        self.assertIn("U+001B", self.refused(b"moshez\n\x1b[2J\n"))
        self.assertIn("U+000D", self.refused(b"moshez\na\rb\n"))
        self.assertIn("login: ", self.refused(b"../etc\nnew\n"))

    def test_not_allowed(self) -> None:
        """Somebody else's status can't be set."""
        self.uid = pwd.getpwnam("daemon").pw_uid
        self.assertIn("you are daemon", self.refused(b"moshez\nnew\n"))

    def test_from_afar(self) -> None:
        """Over TCP, loopback is believed where configured, and nobody else."""
        self.uid = None
        answer = self.send(b"moshez\nnew\n", end=True, address=IPv4Address("TCP", "192.0.2.1", 4711))
        self.assertIn(b"ERROR: setting over TCP is off", answer)
        answer = self.send(b"moshez\nnew\n", end=True, address=IPv4Address("TCP", "127.0.0.1", 4711))
        self.assertEqual(answer, b"OK moshez: new\r\n")

    def test_counted(self) -> None:
        """Each set is counted by what became of it."""
        self.send(b"moshez\nnow\n")
        self.send(b"moshez\nbell \x07\n")
        self.uid = 65533
        self.send(b"moshez\nmine\n")
        self.send(b"moshez\n", end=True)
        self.assertEqual(counted(self.requests), {"answered": 1, "denied": 1, "refused": 2})

    def test_store_away(self) -> None:
        """While the store is away, the client is told that nothing was set."""
        self.statuses.away = True
        self.assertIn(b"temporarily unavailable", self.send(b"moshez\nnew\n"))

    @given(st.lists(st.binary(max_size=100), max_size=6))
    def test_any_input(self, pieces: list[bytes]) -> None:
        """Any bytes get one line of answer, which never says OK to what was refused."""
        answer = self.send(*pieces, end=True)
        assert answer.endswith(b"\r\n")
        assert answer.count(b"\n") == 1
        assert answer.startswith((b"OK ", b"ERROR: "))
