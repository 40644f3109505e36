"""The setter: two lines in, or three with a token, and `OK` or `ERROR` out."""

from __future__ import annotations

import pwd
from typing import Any

from fingerpost.errors import NoSuchUser, NotAllowed
from fingerpost.interfaces import Proof
from fingerpost.model import Person
from fingerpost.ops.limits import Limits
from fingerpost.testing import MemoryStatuses
from fingerpost_finger.setter.permission import Asker, proof_for
from fingerpost_finger.setter.protocol import SetterFactory
from fingerpost_finger.setter.request import parse
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import Clock
from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase

from tests.finger.test_protocol import Wire
from tests.kit import counted, requests

TOKEN = Proof("token", "fp_secret")
AFAR = IPv4Address("TCP", "192.0.2.1", 4711)


class PermissionTests(SynchronousTestCase):
    """Who may set whose status."""

    def test_root_sets_any(self) -> None:
        """Root may set anybody's status over the UNIX socket."""
        self.assertEqual(proof_for(Asker(0), "MosheZ", "", False), Proof("peer", "moshez"))

    def test_own_login_only(self) -> None:
        """Everybody else may set their own, and is told who they are where they try another's."""
        nobody = pwd.getpwnam("daemon")
        self.assertEqual(proof_for(Asker(nobody.pw_uid), "daemon", "", False), Proof("peer", "daemon"))
        with self.assertRaises(NotAllowed) as caught:
            proof_for(Asker(nobody.pw_uid), "moshez", "", True)
        self.assertIn("you are daemon, and only moshez or root", str(caught.exception))
        with self.assertRaises(NotAllowed):
            proof_for(Asker(4_000_000), "moshez", "", True)

    def test_loopback(self) -> None:
        """TCP from this machine is believed only where that is configured, and from elsewhere never."""
        self.assertEqual(proof_for(Asker(loopback=True), "moshez", "", True), Proof("peer", "moshez"))
        for asker, trust in ((Asker(loopback=True), False), (Asker(loopback=False), True)):
            with self.assertRaises(NotAllowed):
                proof_for(asker, "moshez", "", trust)

    def test_token(self) -> None:
        """A token is the proof wherever it comes from, whoever gives it; whose it is, the store knows."""
        for asker in (Asker(), Asker(loopback=True), Asker(0), Asker(pwd.getpwnam("daemon").pw_uid)):
            self.assertEqual(proof_for(asker, "moshez", "fp_secret", True), Proof("token", "fp_secret"))

    def test_names_in_capitals(self) -> None:
        """Somebody whose login on the machine is Bob is not bob, whom he must not speak for."""
        self.patch(pwd, "getpwuid", lambda uid: pwd.struct_passwd(("Bob", "x", uid, uid, "", "/", "")))
        with self.assertRaises(NotAllowed) as caught:
            proof_for(Asker(4711), "Bob", "", False)
        self.assertIn("you are Bob, and only bob", str(caught.exception))


class Tokens(MemoryStatuses):
    """A store that issued one token."""

    def _allowed(self, name: str, proof: Proof) -> str:
        if proof.kind == "token" and proof != TOKEN:
            raise NotAllowed("That is not allowed, in the store's own words.")
        return super()._allowed(name, Proof("peer", "moshez") if proof == TOKEN else proof)


class ProtocolTests(SynchronousTestCase):
    """A visit to the setter."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.statuses = Tokens(self.clock)
        self.statuses.add(Person("moshez"), "before")
        self.uid: int | None = 0

        self.trusted = True

        def prove(asker: Asker, user: str, token: str) -> Deferred[Proof]:
            return maybeDeferred(proof_for, asker, user, token, self.trusted)

        def is_known(asker: Asker) -> bool:
            return asker.is_known(self.trusted)

        self.requests = requests(self.clock, "finger-setter")
        limits = Limits(rate=0, per_address=0, total=0)
        self.factory = SetterFactory(
            self.clock, limits, self.requests, self.statuses, prove, is_known, lambda transport: self.uid
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
        """A fourth line, whole or not, is refused, and so is a third that is empty."""
        for lines in (b"moshez\none\ntwo\nthree\n", b"moshez\none\ntwo\nthree", b"moshez\none\ntwo\n\n"):
            self.assertIn("after the three lines", self.refused(lines))
        self.assertIn("third line is empty", self.refused(b"moshez\none\n\n"))
        self.assertIn("third line is empty", self.refused(b"moshez\none\n", b"\n", end=False))

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
        """Over TCP, loopback is believed where configured, and nobody else without a token."""
        self.uid = None
        answer = self.send(b"moshez\nnew\n", end=True, address=AFAR)
        self.assertIn(b"ERROR: setting over TCP is off here without a token: give it as third line", answer)
        answer = self.send(b"moshez\nnew\n", end=True, address=IPv4Address("TCP", "127.0.0.1", 4711))
        self.assertEqual(answer, b"OK moshez: new\r\n")
        self.trusted = False
        answer = self.send(b"moshez\nnew\n", end=True, address=IPv4Address("TCP", "127.0.0.1", 4711))
        self.assertIn(b"ERROR: setting over TCP is off here without a token", answer)

    def test_token(self) -> None:
        """With a token as third line a status is set from anywhere, at once."""
        for uid, address in ((None, AFAR), (65533, UNIXAddress(None))):
            self.uid = uid
            answer = self.send(b"moshez\r\nnew\r\nfp_secret\r\n", quiet=False, address=address)
            self.assertEqual(answer, b"OK moshez: new\r\n")
            answer = self.send(b"moshez\nnewer\nfp_secret", end=True, quiet=False, address=address)
            self.assertEqual(answer, b"OK moshez: newer\r\n")

    def test_token_refused(self) -> None:
        """Why a token is not good is said in the store's words; the token itself is said nowhere."""
        with capturedLogs() as logs:
            for uid in (None, 0):
                self.uid = uid
                answer = self.send(b"moshez\nnew\nfp_wrong\n", address=AFAR)
                self.assertEqual(answer, b"ERROR: That is not allowed, in the store's own words.\r\n")
            self.send(b"moshez\nnew\nfp_wrong\nmore\n", address=AFAR)
        self.assertEqual(self.shown(), "before")
        self.assertNotIn("fp_wrong", str(logs))
        self.assertNotIn("fp_secret", repr(parse([b"moshez", b"new", b"fp_secret"])))

    def typing(self, address: Any) -> tuple[Any, Wire]:
        """A person at `nc`, who has connected."""
        protocol, wire = self.factory.buildProtocol(address), Wire()
        protocol.makeConnection(wire)
        return protocol, wire

    def test_typed(self) -> None:
        """Where a token is needed, the setter waits for whoever types it."""
        self.uid = None
        protocol, wire = self.typing(AFAR)
        for line in (b"moshez\n", b"new\n", b"fp_sec"):
            protocol.dataReceived(line)
            self.clock.pump([1.0] * 15)
            self.assertEqual(wire.value(), b"")
        protocol.dataReceived(b"ret\n")
        self.assertEqual(wire.value(), b"OK moshez: new\r\n")

    def test_begun_token(self) -> None:
        """Where none is needed, a third line that has begun is waited for all the same."""
        self.uid = 0
        protocol, wire = self.typing(UNIXAddress(None))
        protocol.dataReceived(b"moshez\nnew\nfp_")
        self.clock.advance(5)
        self.assertEqual(wire.value(), b"")
        protocol.dataReceived(b"secret\n")
        self.assertEqual(wire.value(), b"OK moshez: new\r\n")

    def test_no_token_in_time(self) -> None:
        """Who gives two lines and then waits hears in the end that a token is needed."""
        self.uid = None
        protocol, wire = self.typing(AFAR)
        protocol.dataReceived(b"moshez\nnew\n")
        self.clock.pump([1.0] * 61)
        self.assertIn(b"give it as third line", wire.value())
        protocol, wire = self.typing(AFAR)
        protocol.dataReceived(b"moshez\nnew\nfp_")
        self.clock.pump([1.0] * 61)
        self.assertIn(b"You took too long", wire.value())
        self.assertEqual(self.shown(), "before")

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

    @given(st.lists(st.binary(max_size=100), max_size=6), st.sampled_from((None, 0)))
    def test_any_input(self, pieces: list[bytes], uid: int | None) -> None:
        """Any bytes get one line of answer, which never says OK to what was refused."""
        self.uid = uid
        answer = self.send(*pieces, end=True, address=AFAR)
        assert answer.endswith(b"\r\n")
        assert answer.count(b"\n") == 1
        assert answer.startswith((b"OK ", b"ERROR: "))
