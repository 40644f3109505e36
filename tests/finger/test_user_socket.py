"""The setter's AMP socket for people of this machine: who may act for whom, and what is answered to nonsense."""

from __future__ import annotations

import os
import pwd
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from struct import pack
from typing import Any, ClassVar

import pytest
from fingerpost import adminwire, wire
from fingerpost.errors import FingerpostError, HelloFirst, NoSuchUser, NotAccepted, NotAllowed, TemporarilyUnavailable
from fingerpost.ops.guard import Guard
from fingerpost.ops.limits import Admission, Limits
from fingerpost_finger.setter.people import IDLE, MAX_BOX, MOST_CALLS, PeopleFactory
from fingerpost_finger.setter.permission import Asker, proof_for
from fingerpost_finger.setter.relay import RELAYED
from fingerpost_finger.setter.tap import Config
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import UNIXAddress
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import LogLevel, capturedLogs
from twisted.protocols.amp import AMP, AmpBox, Command, StartTLS, UnhandledCommand, parseString
from twisted.python.failure import Failure
from twisted.test.iosim import connectedServerAndClient
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.integration.processes import ServicesTestCase, ask, program
from tests.kit import counted, requests

DAEMON = pwd.getpwnam("daemon").pw_uid
CHANGE = b'{"revision":1,"login":"daemon","record":null}'
WRITE = {"name": "daemon", "op_id": "1"}


class Store:
    """What the setter asks of the store, and what it is answered."""

    name = "finger-setter"
    answers: ClassVar[dict[type[Command], Any]] = {
        wire.Hello: {"version": 1, "epoch": "e", "revision": 7, "site": b"{}"},
        wire.FindRecords: {"changes": b"[]"},
        wire.ListRecords: {"changes": b"[]", "next": None},
        wire.GetHistory: {"statuses": b"[]"},
        wire.Explain: {"explanation": b"{}"},
        wire.Verify: {"login": "daemon", "scopes": "status:set"},
    }

    def __init__(self) -> None:
        self.asked: list[tuple[type[Command], dict[str, Any]]] = []
        self.error: Exception | None = None
        self.waiting: list[Deferred[Any]] | None = None

    async def ask(self, command: type[Command], **arguments: Any) -> dict[str, Any]:
        """See `StoreClient`."""
        self.asked.append((command, arguments))
        if self.waiting is not None:
            waiter: Deferred[Any] = Deferred()
            self.waiting.append(waiter)
            await waiter
        if self.error is not None and command is not wire.Hello:
            raise self.error
        answer: dict[str, Any] = self.answers.get(command, {"change": CHANGE})
        return answer


class Socket(SynchronousTestCase):
    """The socket in front of a store that says what it is told to."""

    limits = Limits(rate=1000, burst=1000, per_address=3, total=5)

    def setUp(self) -> None:
        self.clock = Clock()
        self.store = Store()
        self.uid: int | None = DAEMON
        self.requests = requests(self.clock, "finger-setter")
        admission = Admission(self.limits, self.clock)
        store: Any = self.store
        factory = PeopleFactory(self.clock, store, self.prove, lambda transport: self.uid, admission, self.requests)
        self.guard = Guard(self.clock, admission, self.requests, factory, factory.finish, factory.key)
        self.pump: Any = None

    def prove(self, asker: Asker, user: str, token: str) -> Any:
        return maybeDeferred(proof_for, asker, user, token, False)

    def connect(self, uid: int | None = DAEMON, hello: bool = True) -> AMP:
        """A client of a user."""
        self.uid = uid
        client, _, self.pump = connectedServerAndClient(
            lambda: self.guard.buildProtocol(UNIXAddress(None)), AMP, clock=self.clock
        )
        if hello:
            self.ask(client, wire.Hello, version=1, client="test")
        return client

    def ask(self, amp: AMP, command: type[Command], **arguments: Any) -> Any:
        """What is answered."""
        answers: list[Any] = []
        asked: Deferred[Any] = amp.callRemote(command, **arguments)
        asked.addBoth(answers.append)
        self.pump.flush()
        (answer,) = answers
        if isinstance(answer, Failure):
            answer.raiseException()
        return answer

    def raw(self) -> tuple[Any, StringTransport]:
        """A connection that sends bytes."""
        connection, transport = self.guard.buildProtocol(UNIXAddress(None)), Abortable()
        connection.makeConnection(transport)
        self.addCleanup(connection.connectionLost, Failure(ConnectionError()))
        return connection, transport


class Abortable(StringTransport):
    """A transport that remembers how it was ended."""

    aborted = False

    def abortConnection(self) -> None:
        self.aborted = True
        self.loseConnection()


class AskingTests(Socket):
    """What is asked goes on to the store, and the answer back."""

    def test_hello_first(self) -> None:
        """Nothing is answered before `Hello`, which tells where the store is; the store hears of the setter alone."""
        client = self.connect(hello=False)
        with self.assertRaises(HelloFirst):
            self.ask(client, wire.GetRecord, name="daemon")
        with self.assertRaises(HelloFirst):
            self.ask(client, wire.Hello, version=0, client="test")
        answer = self.ask(client, wire.Hello, version=1, client="somebody")
        self.assertEqual(answer, self.store.answers[wire.Hello])
        self.assertEqual(self.store.asked, [(wire.Hello, {"version": 1, "client": "finger-setter"})])

    def test_every_command(self) -> None:
        """Every command for people is relayed with what it was given, and answered with what the store answers."""
        peer, token = {"proof": "peer:daemon"}, {"proof": "token:fp_x"}
        now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        asked: dict[type[Command], dict[str, Any]] = {
            wire.GetRecord: {"name": "ada", **peer},
            wire.FindRecords: {"text": "ada", "limit": 5},
            wire.ListRecords: {"after": "", "limit": 5, "order": "name"},
            wire.GetHistory: {"name": "ada", "before": now, "limit": 5, **token},
            wire.SetStatus: {**WRITE, **peer, "text": "é", "via": "cli", "emoji": None, "availability": "busy",
                             "expires": now},
            wire.ClearStatus: {**WRITE, **token},
            wire.UpdateProfile: {**WRITE, **token, "fields": b"{}"},
            wire.SetVisibility: {**WRITE, **peer, "hidden": True, "audiences": None},
            wire.Explain: {"name": "daemon", "asker": "world", **peer},
            wire.Verify: {"proof": "password:daemon:secret"},
        }  # fmt: skip
        client = self.connect()
        for command, arguments in asked.items():
            answer = self.ask(client, command, **arguments)
            self.assertEqual(answer, self.store.answers.get(command, {"change": CHANGE}))
            self.assertEqual(self.store.asked[-1], (command, arguments))
        self.assertEqual({wire.Hello, *asked}, set(RELAYED.values()))
        self.assertEqual(counted(self.requests), {"answered": len(asked) + 1})

    def test_errors(self) -> None:
        """What the store refuses is refused in its words."""
        client = self.connect()
        for error in (NoSuchUser(), NotAllowed("Never."), NotAccepted("text: no"), TemporarilyUnavailable()):
            self.store.error = error
            with self.assertRaises(type(error)) as caught:
                self.ask(client, wire.ClearStatus, **WRITE, proof="token:fp_x")
            self.assertEqual(str(caught.exception), str(error))
        self.assertEqual(
            counted(self.requests), {"answered": 1, "not_found": 1, "denied": 1, "refused": 1, "unavailable": 1}
        )

    def test_nothing_else(self) -> None:
        """There is no subscription here, nothing of the administrator's, and no TLS."""
        client = self.connect()
        for command, arguments in (
            (wire.Subscribe, {"epoch": "e", "since": 0}),
            (adminwire.IssueToken, {"name": "daemon", "scopes": "admin", "label": ""}),
            (StartTLS, {}),
        ):
            with self.assertRaises(UnhandledCommand):
                self.ask(client, command, **arguments)
        self.assertEqual(len(self.store.asked), 1)


class ProofTests(Socket):
    """For whom somebody may act."""

    limits = Limits(rate=0, per_address=0, total=0)

    def believed(self, uid: int | None, proof: str) -> str:
        """The proof that reaches the store."""
        client = self.connect(uid)
        self.ask(client, wire.Verify, proof=proof)
        given: str = self.store.asked[-1][1]["proof"]
        return given

    def test_own_login(self) -> None:
        """Everybody may act for themselves, and root for anybody."""
        self.assertEqual(self.believed(DAEMON, "peer:Daemon"), "peer:daemon")
        self.assertEqual(self.believed(0, "peer:moshez"), "peer:moshez")

    def test_other_login(self) -> None:
        """Nobody else may act for somebody, and the store is not asked at all."""
        for uid, proof in ((DAEMON, "peer:moshez"), (4_000_000, "peer:daemon"), (None, "peer:daemon")):
            with self.assertRaises(NotAllowed):
                self.believed(uid, proof)
        with self.assertRaises(NotAccepted):
            self.believed(DAEMON, "peer:")
        self.assertEqual({command for command, _ in self.store.asked}, {wire.Hello})

    def test_told_who_they_are(self) -> None:
        """Who tries another's name is told their own."""
        with self.assertRaises(NotAllowed) as caught:
            self.believed(DAEMON, "peer:moshez")
        self.assertIn("you are daemon, and only moshez or root", str(caught.exception))

    def test_secrets(self) -> None:
        """Tokens and passwords go on as they are: the store knows whose they are."""
        for proof in ("token:fp_secret", "password:moshez:a:b"):
            self.assertEqual(self.believed(DAEMON, proof), proof)

    def test_no_proof(self) -> None:
        """What is neither a secret nor a login is no proof, and never reaches the store, which trusts the setter."""
        for proof in ("", "PEER:root", " peer:root", "peer\0:root", "root", "trusted:root"):
            with self.assertRaises(NotAllowed):
                self.believed(DAEMON, proof)
        self.assertEqual({command for command, _ in self.store.asked}, {wire.Hello})


class LimitTests(Socket):
    """How much one user may ask, and for how long."""

    limits = Limits(rate=1, burst=4, per_address=2, total=5)

    def test_connections(self) -> None:
        """A user may hold so many connections, whatever others do."""
        self.connect(hello=False)
        self.connect(hello=False)
        with capturedLogs() as logs:
            third = self.connect(hello=False)
            self.pump.flush()
            self.assertTrue(third.transport is None or self.pump.clientIO.disconnected)
        self.assertEqual([log for log in logs if log["log_level"] >= LogLevel.warn], [])
        self.assertEqual(counted(self.requests), {"refused": 1})
        self.ask(self.connect(0, hello=False), wire.Hello, version=1, client="test")

    def test_requests(self) -> None:
        """A user who asks too much, over one connection or several, is told so; others are answered."""
        first, pump = self.connect(), self.pump
        for _ in range(2):
            self.ask(first, wire.Verify, proof="token:x")
        second = self.connect()
        with self.assertRaises(FingerpostError) as caught:
            self.ask(second, wire.Verify, proof="token:x")
        self.assertIn("Too many requests", str(caught.exception))
        self.ask(self.connect(0), wire.Verify, proof="token:x")
        self.clock.advance(1)
        self.pump = pump
        self.ask(first, wire.Verify, proof="token:x")

    def test_silence(self) -> None:
        """A connection on which nothing is asked ends after a while."""
        connection, transport = self.raw()
        self.clock.advance(IDLE - 1)
        connection.dataReceived(question(b"Verify", proof=b"token:x"))
        self.clock.advance(IDLE - 1)
        connection.dataReceived(b"\0")
        self.assertFalse(transport.disconnecting)
        self.clock.advance(1)
        self.assertTrue(transport.disconnecting)

    def test_finish(self) -> None:
        """When the service stops, who waits for an answer gets it, and all connections end."""
        client = self.connect()
        self.store.waiting = []
        answers: list[Any] = []
        client.callRemote(wire.Verify, proof="token:x").addBoth(answers.append)
        self.pump.flush()
        idle, transport = self.raw()
        self.assertIsNotNone(idle)
        self.guard.drain(10)
        self.assertTrue(transport.disconnecting)
        self.store.waiting[0].callback(None)
        self.pump.flush()
        self.assertEqual(answers, [self.store.answers[wire.Verify]])
        self.assertTrue(self.pump.serverIO.disconnected)

    def test_said_all(self) -> None:
        """Who closes their side has said all, and is answered before the connection ends."""
        self.store.waiting = []
        connection, transport = self.raw()
        connection.dataReceived(HELLO)
        connection.readConnectionLost()
        self.assertFalse(transport.disconnecting)
        self.store.waiting[0].callback(None)
        self.assertEqual(len(parseString(transport.value())), 1)
        self.assertTrue(transport.disconnecting)

    def test_unread(self) -> None:
        """Who does not read the answers is not read from."""
        connection, transport = self.raw()
        self.assertIs(transport.producer, connection)
        self.assertTrue(transport.streaming)


def question(command: bytes, tag: bytes = b"1", **arguments: bytes) -> bytes:
    """A question as it travels."""
    names = {name.encode(): value for name, value in arguments.items()}
    return AmpBox({b"_command": command, b"_ask": tag, **names}).serialize()


HELLO = question(b"Hello", version=b"1", client=b"test")
_TEXT = st.binary(max_size=40)
_NAMES = st.sampled_from(sorted({name for command in RELAYED.values() for name, _ in command.arguments}))
_BOXES = st.dictionaries(_NAMES, _TEXT | st.sampled_from((b"1", b"True", b"peer:daemon"))).map(
    lambda box: {b"_command": b"SetStatus", b"_ask": b"1", **box}
)
_ODD = st.dictionaries(
    st.sampled_from((b"_command", b"_ask", b"_answer", b"_error", b"_error_code", b"name", b"proof")), _TEXT, min_size=1
)


class NonsenseTests(Socket):
    """Whatever is sent, nothing is logged as a defect."""

    limits = Limits(rate=0, per_address=0, total=0)

    def sent(self, *pieces: bytes) -> StringTransport:
        """The connection after some bytes were sent."""
        with capturedLogs() as logs:
            connection, transport = self.raw()
            for piece in pieces:
                if not transport.disconnecting:
                    connection.dataReceived(piece)
        self.assertEqual([log for log in logs if log["log_level"] >= LogLevel.warn], [])
        return transport

    def test_disconnected(self) -> None:
        """Who doesn't speak AMP, answers what was not asked, or wants no answer, is disconnected."""
        for data in (
            b"GET / HTTP/1.0\r\n\r\n",
            AmpBox({b"_answer": b"1"}).serialize(),
            AmpBox({b"_error": b"1", b"_error_code": b"X", b"_error_description": b""}).serialize(),
            AmpBox({b"_command": b"Hello"}).serialize(),
            AmpBox({b"name": b"x"}).serialize(),
            pack("!H", 0),
        ):
            self.assertTrue(self.sent(data, HELLO).disconnecting, data)
        self.assertEqual(counted(self.requests), {"refused": 6})

    def test_too_long(self) -> None:
        """A question without end is cut off long before it fills the memory."""
        piece = pack("!H", 1) + b"x" + pack("!H", 60_000) + b"y" * 60_000
        self.assertFalse(self.sent(piece).disconnecting)
        self.assertTrue(self.sent(*[piece] * (MAX_BOX // 60_000 + 1)).disconnecting)

    def test_too_many_at_once(self) -> None:
        """Who asks on without waiting for answers is disconnected."""
        self.store.waiting = []
        asked = question(b"Hello", version=b"1", client=b"x")
        self.assertFalse(self.sent(asked * MOST_CALLS).disconnecting)
        self.assertTrue(self.sent(asked * (MOST_CALLS + 1)).disconnecting)

    def test_wrong_arguments(self) -> None:
        """Arguments that are missing or make no sense are refused in words, and the connection stays."""
        for data in (
            question(b"GetRecord"),
            question(b"GetRecord", name=b"\xff"),
            question(b"FindRecords", text=b"x", limit=b"many"),
            question(b"FindRecords", text=b"x", limit=b"9" * 5000),
            question(b"GetHistory", name=b"x", limit=b"1", before=b"yesterday"),
            question(b"GetHistory", name=b"x", limit=b"1", before=b"2012-01-23T12:34:56.054321+99:99"),
        ):
            transport = self.sent(HELLO, data)
            self.assertFalse(transport.disconnecting, data)
            refusal = parseString(transport.value())[1]
            self.assertEqual(refusal[b"_error"], b"1")
            self.assertIn(b"these are not the arguments of", refusal[b"_error_description"])

    @given(st.lists(_TEXT, max_size=6))
    def test_any_bytes(self, pieces: list[bytes]) -> None:
        """Any bytes are answered, or the connection ends."""
        self.sent(HELLO, *pieces)

    @given(st.lists(_BOXES | _ODD, max_size=4))
    def test_any_boxes(self, boxes: list[dict[bytes, bytes]]) -> None:
        """Any boxes are answered, or the connection ends."""
        transport = self.sent(HELLO, *(AmpBox(box).serialize() for box in boxes))
        self.assertTrue(transport.disconnecting or len(parseString(transport.value())) == len(boxes) + 1)


def ordered(answers: bytes) -> list[AmpBox]:
    """Answers in the order of the questions."""
    return sorted(parseString(answers), key=lambda box: box.get(b"_answer") or box[b"_error"])


@pytest.mark.integration
class ProcessTests(ServicesTestCase):
    """A setter and a store as processes, asked by users of this machine."""

    def setUp(self) -> None:
        super().setUp()
        store = {name: self.unix_socket(name) for name in ("read", "write")}
        self.write("store.yaml", {"engine": "memory:"})
        self.start("finger-store", "--config", "store.yaml", fds=store)
        self.write("setter.yaml", {"store": f"unix:{self.path('write')}"})
        people = {name: self.unix_socket(name) for name in ("setter", "user")}
        self.setter = self.start("finger-setter", "--config", "setter.yaml", fds=people)

    def ask(self, *questions: bytes, user: str = "") -> list[AmpBox]:
        """What is answered to a user of this machine."""
        sent = question(b"Hello", b"0", version=b"1", client=b"test") + b"".join(questions)
        if not user:
            return ordered(ask(self.path("user"), sent))
        self.folder.chmod(0o755)
        Path(self.path("user")).chmod(0o666)
        asking = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", program("nc"), "-NU"]
        done = subprocess.run([*asking, self.path("user")], input=sent, capture_output=True, timeout=10, check=True)
        return ordered(done.stdout)

    def test_people(self) -> None:
        """A user sets their own status and nobody else's; root anybody's."""
        me = pwd.getpwuid(os.geteuid()).pw_name
        said = {"op_id": b"1", "text": b"Hello", "via": b"cli"}
        _, done = self.ask(question(b"SetStatus", name=me.encode(), proof=b"peer:" + me.encode(), **said))
        self.assertIn(b"Hello", done[b"change"])
        if os.geteuid() != 0:
            raise SkipTest("only root can be somebody else")
        own = question(b"SetStatus", name=b"daemon", proof=b"peer:daemon", **said)
        other = question(b"SetStatus", b"2", name=b"moshez", proof=b"peer:moshez", **said)
        _, done, refused = self.ask(own, other, user="daemon")
        self.assertIn(b"Hello", done[b"change"])
        self.assertIn(b"you are daemon, and only moshez or root", refused[b"_error_description"])


class ConfigurationTests(SynchronousTestCase):
    """Where the socket may be."""

    def test_unix_only(self) -> None:
        """Only on a UNIX socket can the setter know who asks."""
        places = ("unix:/run/fingerpost/user.sock:mode=666", "fd:user")
        self.assertEqual(Config(listen_user=places).listen_user, places)
        with self.assertRaises(ValueError) as caught:
            Config(listen_user=("tcp:1080",))
        self.assertIn("is no UNIX socket", str(caught.exception))
