"""What the log holds: entries in the journal or lines of text, the access log, and the catalog that explains events."""

from __future__ import annotations

import array
import ast
import io
import os
import re
import socket
import struct
from collections.abc import Callable, Iterator
from operator import methodcaller
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from fingerpost.errors import FingerpostError, NoSuchUser, NotAccepted, NotAllowed, TemporarilyUnavailable
from fingerpost.ops.access import AccessLog, LogConfig, shown_peer
from fingerpost.ops.events import Event
from fingerpost.ops.journal import Log, fields, observer, opened
from fingerpost.ops.journald import JournalSocket, entry
from fingerpost.ops.outcomes import Outcome
from hypothesis import given
from hypothesis import strategies as st
from twisted.logger import ILogObserver, LogEvent, Logger, capturedLogs
from twisted.python import log as legacy
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

ROOT = Path(__file__).parents[2]
CATALOG = ROOT / "deploy" / "systemd" / "fingerpost.catalog"
RUNBOOK = ROOT / "docs" / "operators" / "runbook.md"


def parsed(data: bytes) -> list[tuple[str, str]]:
    """The fields of an entry, as journald reads them."""
    found = []
    while data:
        line, _, data = data.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            (length,) = struct.unpack("<Q", data[:8])
            value, data = data[8 : 8 + length], data[8 + length :]
            assert data[:1] == b"\n"
            data = data[1:]
        found.append((name.decode(), value.decode()))
    return found


def event_of(act: Callable[[Logger], Any]) -> LogEvent:
    """The event that something logs."""
    with capturedLogs() as events:
        act(Logger("fingerpost.test"))
    (event,) = events
    return event


class Journald:
    """A socket that takes entries as journald does, and can be too slow for them."""

    def __init__(self, case: SynchronousTestCase) -> None:
        self.address = str(Path(mkdtemp(prefix="fp-")) / "socket")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.address)
        self.socket.setblocking(False)
        case.addCleanup(self.socket.close)

    def entries(self) -> list[dict[str, str]]:
        """What has come since the last time."""
        found: list[dict[str, str]] = []
        while True:
            try:
                data, rights, _, _ = self.socket.recvmsg(1_000_000, socket.CMSG_SPACE(4))
            except BlockingIOError:
                return found
            for _, _, right in rights:
                with open(array.array("i", right)[0], "rb") as file:
                    file.seek(0)
                    data += file.read()
            found.append(dict(parsed(data)))


class EntryTests(SynchronousTestCase):
    """Bytes on the way to journald."""

    def test_forms(self) -> None:
        """A value of one line stands behind its name, one of several is preceded by its length."""
        self.assertEqual(entry([("MESSAGE", "hello"), ("PRIORITY", "6")]), b"MESSAGE=hello\nPRIORITY=6\n")
        self.assertEqual(entry([("MESSAGE", "a\nb")]), b"MESSAGE\n\x03\0\0\0\0\0\0\0a\nb\n")
        self.assertEqual(entry([("MESSAGE", "\udc80")]), b"MESSAGE=\\udc80\n")

    @given(st.lists(st.tuples(st.from_regex(r"[A-Z][A-Z0-9_]{0,20}", fullmatch=True), st.text())))
    def test_no_value_poses_as_another_field(self, given_fields: list[tuple[str, str]]) -> None:
        """Whatever a client sends, journald reads back the fields that were sent, and no others."""
        expected = [(name, value.encode("utf-8", "backslashreplace").decode()) for name, value in given_fields]
        self.assertEqual(parsed(entry(given_fields)), expected)


class FieldsTests(SynchronousTestCase):
    """From an event to fields."""

    def of(self, act: Callable[[Logger], Any]) -> dict[str, str]:
        event = event_of(act)
        self.flushLoggedErrors(RuntimeError)
        return dict(fields(event, "finger"))

    def test_everything(self) -> None:
        """An event is found by its id, its user and its outcome; what it does not know has no field."""
        found = self.of(
            lambda log: log.warn(
                "{finger_user} was refused",
                message_id=Event.PROOF_REFUSED,
                finger_user="moshez",
                finger_peer=None,
                finger_outcome=Outcome.DENIED,
                other="not a field",
            )
        )
        self.assertEqual(
            found,
            {
                "MESSAGE": "moshez was refused",
                "PRIORITY": "4",
                "SYSLOG_IDENTIFIER": "finger",
                "MESSAGE_ID": Event.PROOF_REFUSED.value,
                "FINGER_NAMESPACE": "fingerpost.test",
                "FINGER_USER": "moshez",
                "FINGER_OUTCOME": "denied",
            },
        )

    def test_priorities(self) -> None:
        """Each level has its priority, so that `journalctl -p warning` shows what should be seen."""
        for level, priority in (("debug", "7"), ("info", "6"), ("warn", "4"), ("error", "3"), ("critical", "2")):
            found = self.of(methodcaller(level, "x"))
            self.assertEqual(found["PRIORITY"], priority)

    def test_failure(self) -> None:
        """A defect is one critical entry, with its traceback once, and the place where it was raised."""

        def deep() -> None:
            raise RuntimeError("broken")

        def fail(log: Logger) -> None:
            try:
                deep()
            except RuntimeError:
                log.failure("A request could not be answered")

        found = self.of(fail)
        self.assertTrue(found["MESSAGE"].startswith("A request could not be answered\nTraceback"))
        self.assertEqual(found["MESSAGE"].count("RuntimeError: broken"), 1)
        self.assertEqual((found["PRIORITY"], found["CODE_FUNC"]), ("2", "deep"))
        self.assertTrue(found["CODE_FILE"].endswith("test_journal.py"))
        self.assertEqual(found["CODE_LINE"], str(deep.__code__.co_firstlineno + 1))

    def test_failure_without_frames(self) -> None:
        """A failure that was never raised has no place."""
        found = self.of(lambda log: log.failure("Lost", Failure(RuntimeError("broken"))))
        self.assertIn("RuntimeError: broken", found["MESSAGE"])
        self.assertNotIn("CODE_FILE", found)

    def test_old_failure(self) -> None:
        """What parts of Twisted log in the old way has its traceback once, too."""
        with capturedLogs() as events:
            try:
                raise RuntimeError("broken")
            except RuntimeError:
                legacy.err(None, "Old")
        self.flushLoggedErrors(RuntimeError)
        found = dict(fields(events[-1], "finger"))
        self.assertEqual(found["MESSAGE"].count("RuntimeError: broken"), 1)
        self.assertEqual((found["PRIORITY"], found["CODE_FUNC"]), ("2", "test_old_failure"))


class JournalSocketTests(SynchronousTestCase):
    """Handing entries over."""

    def setUp(self) -> None:
        self.journald = Journald(self)
        self.now = 0.0
        self.journal = JournalSocket(self.journald.address, lambda: self.now)
        self.addCleanup(self.journal.close)

    def test_small_and_large(self) -> None:
        """An entry arrives whole, whatever its size."""
        for size in (1, 300_000, 3_000_000):
            self.assertTrue(self.journal.send(entry([("MESSAGE", "x" * size)])))
            self.assertEqual(self.journald.entries(), [{"MESSAGE": "x" * size}])

    def test_gone(self) -> None:
        """Without a journal an entry is lost, and the service goes on; when it is back, entries arrive again."""
        os.rename(self.journald.address, f"{self.journald.address}-gone")
        self.assertFalse(self.journal.send(b"MESSAGE=lost\n"))
        os.rename(f"{self.journald.address}-gone", self.journald.address)
        self.assertTrue(self.journal.send(b"MESSAGE=back\n"))
        self.assertEqual(self.journald.entries(), [{"MESSAGE": "back"}])

    def test_full(self) -> None:
        """A journal that takes nothing is waited for once in a second, and not by every message."""
        while self.journal.send(b"MESSAGE=fill\n"):
            pass
        waits: list[int] = []

        class Counting:
            def sendto(self, data: bytes, flags: int, address: str) -> None:
                waits.append(flags)
                raise BlockingIOError

        real, self.journal._socket = self.journal._socket, Counting()  # type: ignore[assignment]
        for self.now in (10.0, 10.0, 10.9, 11.5):
            self.assertFalse(self.journal.send(b"MESSAGE=x\n"))
        self.journal._socket = real
        self.assertEqual(waits, [0, socket.MSG_DONTWAIT, socket.MSG_DONTWAIT, 0])


class LogTests(SynchronousTestCase):
    """The log of a process."""

    def setUp(self) -> None:
        self.journald = Journald(self)
        self.printed = io.StringIO()

    def opened(self, stream: str | None) -> Log:
        environ = {} if stream is None else {"JOURNAL_STREAM": stream}
        return opened(environ, 2, self.printed, self.journald.address)

    def stderr(self) -> str:
        found = os.fstat(2)
        return f"{found.st_dev}:{found.st_ino}"

    def test_under_systemd(self) -> None:
        """Where stderr is the journal's, entries go there, under the service's name."""
        log = self.opened(self.stderr())
        verifyObject(ILogObserver, log)
        log.identifier = "finger"
        log(event_of(lambda logger: logger.info("hello", finger_user="moshez")))
        (found,) = self.journald.entries()
        self.assertEqual((found["MESSAGE"], found["SYSLOG_IDENTIFIER"]), ("hello", "finger"))
        self.assertEqual(self.printed.getvalue(), "")

    def test_elsewhere(self) -> None:
        """By hand, in a container, or with stderr going somewhere else, there are lines on stdout."""
        for stream in (None, "", "1:2"):
            self.opened(stream)(event_of(lambda logger: logger.info("hello\nworld")))
        self.assertEqual(self.journald.entries(), [])
        lines = self.printed.getvalue().splitlines()
        self.assertEqual(len(lines), 6)
        self.assertRegex(lines[0], r"^\d{4}-\d\d-\d\dT.* \[fingerpost\.test#info\] hello$")

    def test_no_journal(self) -> None:
        """Where stderr is the journal's and its other socket can't be reached, there are lines on stdout."""
        os.unlink(self.journald.address)
        self.opened(self.stderr())(event_of(lambda logger: logger.info("hello")))
        self.assertIn("hello", self.printed.getvalue())

    def test_drops_are_counted_and_told(self) -> None:
        """What the log did not take is counted, and once it takes messages again it says how many are missing."""
        taken: list[LogEvent] = []
        room = [True]

        def sink(event: LogEvent, identifier: str) -> bool:
            if room[0]:
                taken.append(event)
            return room[0]

        log = Log(sink)
        room[0] = False
        for _ in range(3):
            log(event_of(lambda logger: logger.info("lost")))
        self.assertEqual((log.dropped, taken), (3, []))
        room[0] = True
        for _ in range(2):
            log(event_of(lambda logger: logger.info("back")))
        self.assertEqual(log.dropped, 3)
        self.assertEqual([event.get("finger_count") for event in taken], [None, 3, None])
        self.assertEqual(taken[1]["message_id"], Event.LOG_DROPPED)
        self.assertIn("3 log messages before this one were dropped", dict(fields(taken[1], "finger"))["MESSAGE"])

    def test_stdout_is_gone(self) -> None:
        """A stdout that takes no more lines is counted as well, and stops nothing."""

        class Broken(io.StringIO):
            def write(self, text: str) -> int:
                raise BrokenPipeError

        log = opened({}, 2, Broken())
        log(event_of(lambda logger: logger.info("lost")))
        self.assertEqual(log.dropped, 1)

    def test_one_for_the_process(self) -> None:
        """The metrics read the drops of the very log that twistd writes to."""
        observer.cache_clear()
        self.addCleanup(observer.cache_clear)
        self.assertIs(observer(), observer())


class AccessLogTests(SynchronousTestCase):
    """Who asked about whom."""

    def setUp(self) -> None:
        self.events = self.enterContext(capturedLogs())

    def asked(self, config: LogConfig, peer: str = "192.0.2.77", user: str = "moshez") -> list[dict[str, str]]:
        AccessLog("finger", config).query(peer, user, Outcome.ANSWERED, 0.0012)
        return [dict(fields(event, "finger")) for event in self.events]

    def test_off(self) -> None:
        """Unless it is asked for, nothing is kept of who asked."""
        self.assertEqual(self.asked(LogConfig()), [])

    def test_on(self) -> None:
        """A query is an entry that can be searched by service, user, peer and outcome."""
        (found,) = self.asked(LogConfig(access=True, peers="full"))
        self.assertEqual(found["MESSAGE"], "finger: 'moshez' from 192.0.2.77: answered in 1.2 ms")
        self.assertEqual(found["PRIORITY"], "6")
        kept = {key: value for key, value in found.items() if key.startswith("FINGER_")}
        self.assertEqual(
            kept,
            {
                "FINGER_NAMESPACE": "fingerpost.ops.access.AccessLog",
                "FINGER_SERVICE": "finger",
                "FINGER_USER": "moshez",
                "FINGER_PEER": "192.0.2.77",
                "FINGER_OUTCOME": "answered",
                "FINGER_SECONDS": "0.001200",
            },
        )

    def test_peers(self) -> None:
        """Of an address no more is kept than was asked for."""
        self.assertEqual(shown_peer("192.0.2.77", "network"), "192.0.2.0/24")
        self.assertEqual(shown_peer("2001:db8:1:2::3", "network"), "2001:db8:1::/48")
        self.assertEqual(shown_peer("::ffff:192.0.2.77", "network"), "192.0.2.0/24")
        self.assertEqual(shown_peer("something", "network"), "")
        self.assertEqual(shown_peer("192.0.2.77", "none"), "")
        self.assertEqual(shown_peer("", "full"), "")

    def test_nothing_of_the_peer(self) -> None:
        """With `peers: none` the address is nowhere in the entry; a local client has none anyway."""
        (found,) = self.asked(LogConfig(access=True, peers="none"))
        self.assertNotIn("FINGER_PEER", found)
        self.assertNotIn("192.0.2", repr(found))
        self.assertIn("from somewhere", found["MESSAGE"])
        self.assertIn("from here", self.asked(LogConfig(access=True), peer="")[-1]["MESSAGE"])

    def test_what_clients_send(self) -> None:
        """A name full of control characters or without end neither breaks a line of the log nor fills it."""
        (found,) = self.asked(LogConfig(access=True), user="\x1b[2J\n" + "x" * 5000)
        self.assertTrue(found["MESSAGE"].isprintable())
        self.assertLess(len(found["MESSAGE"]), 300)
        self.assertEqual(len(found["FINGER_USER"]), 200)

    def test_configuration(self) -> None:
        """What is none of the three is refused in a sentence."""
        error = self.assertRaises(ValueError, LogConfig, peers="some")
        self.assertEqual(str(error), "expected full, network or none, not 'some'")

    def test_outcomes(self) -> None:
        """Every error of ours has its outcome, and whatever else goes wrong is a failure."""
        for error, outcome in (
            (None, "answered"),
            (NoSuchUser(), "not_found"),
            (NotAllowed(), "denied"),
            (NotAccepted(), "refused"),
            (FingerpostError(), "refused"),
            (TemporarilyUnavailable(), "unavailable"),
            (ZeroDivisionError(), "failed"),
        ):
            self.assertEqual(Outcome.of(error), outcome)


class CatalogTests(SynchronousTestCase):
    """What `journalctl -x` says of each event."""

    def texts(self) -> dict[str, str]:
        """The catalog's entries by message id."""
        parts = re.split(r"^-- ([0-9a-f]{32})\n", CATALOG.read_text(), flags=re.MULTILINE)
        return dict(zip(parts[1::2], parts[2::2], strict=True))

    def test_every_event_is_explained(self) -> None:
        """Each event is in the catalog, and nothing else is; no id is used twice."""
        self.assertEqual(sorted(self.texts()), sorted(event.value for event in Event))
        self.assertEqual(len(Event.__members__), len(set(Event)))
        for event in Event:
            self.assertRegex(event.value, r"^[0-9a-f]{32}$")

    def test_every_text_helps(self) -> None:
        """Each text has a subject, and says what happened, what that means and what to do, or where that is said."""
        headings = re.findall(r"^## (.*)$", RUNBOOK.read_text(), re.MULTILINE)
        for message_id, text in self.texts().items():
            head, _, body = text.partition("\n\n")
            self.assertRegex(head, r"^Subject: \S.*\nDefined-By: Fingerpost$", message_id)
            self.assertGreaterEqual(len(body.strip().split("\n\n")), 2, message_id)
            for section in re.findall(r"^Runbook: (.*)$", body, re.MULTILINE):
                self.assertIn(section, headings)

    def test_no_foreign_fields(self) -> None:
        """Only fields that the log can have are put into a text."""
        for text in self.texts().values():
            for name in re.findall(r"@([^@\s]+)@", text):
                self.assertRegex(name, r"^FINGER_[A-Z_]+$|^_SYSTEMD_UNIT$")

    def test_events_bring_what_their_texts_need(self) -> None:
        """Wherever an event is logged, it has the fields that its text speaks of."""
        texts = self.texts()
        found = list(logged_events())
        self.assertGreater(len(found), 3)
        for path, event, keys in found:
            wanted = {name.lower() for name in re.findall(r"@(FINGER_[A-Z_]+)@", texts[Event[event].value])}
            self.assertEqual(wanted - keys, set(), f"{path}: {event}")


def logged_events() -> Iterator[tuple[Path, str, set[str]]]:
    """Each place in the services where an event is logged: the event's name, and the keys that go with it."""
    for folder in ("shared/src", "services"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)):
                for keyword in call.keywords:
                    if keyword.arg == "message_id" and isinstance(keyword.value, ast.Attribute):
                        yield path, keyword.value.attr, {other.arg or "" for other in call.keywords}
