"""Sources: what a users file says, and how the store follows it."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from fingerpost.codec import load
from fingerpost.model import Record
from fingerpost.store.following import Following
from fingerpost.store.interfaces import IStatusSource, SourceFailed
from fingerpost.store.sources.file import FileSource, parse
from fingerpost.store.sources.memory import MemorySource
from fingerpost.store.threads import AtOnce
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from tests.kit import House, peer, said

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class ParseTests(SynchronousTestCase):
    """The bytes of a users file."""

    def parse(self, data: bytes) -> tuple[dict[str, str], list[str]]:
        entries, problems = parse(data, "file", 0, NOW)
        return {login: entry.status.text if entry.status else "" for login, entry in entries.items()}, problems

    def test_lines(self) -> None:
        """One `name: status` to a line, with either line end, blanks around, colons within, and comments."""
        data = "# people\nmoshez: Happy and well\r\n\nshawn:at work: busy\nAda :caf\u00e9\nnone:\n".encode()
        wanted = {"moshez": "Happy and well", "shawn": "at work: busy", "ada": "caf\u00e9", "none": ""}
        self.assertEqual(self.parse(data), (wanted, []))

    def test_bad_lines_are_numbered(self) -> None:
        """A line that can't be understood is reported with its number, and the others serve."""
        data = b"a: ok\nno colon\nb c: x\nd: \xff\ne: \x1b[2J\na: twice\nf: ok"
        found, problems = self.parse(data)
        self.assertEqual(found, {"a": "ok", "f": "ok"})
        self.assertEqual([problem.split(":")[0] for problem in problems], [f"line {n}" for n in (2, 3, 4, 5, 6)])
        self.assertIn("no colon", problems[0])

    @given(st.binary(max_size=300))
    def test_any_bytes(self, data: bytes) -> None:
        """Any bytes at all are either entries, problems or comments."""
        entries, problems = parse(data, "file", 0, NOW)
        lines = [line for line in data.split(b"\n") if line.strip() and not line.lstrip().startswith(b"#")]
        assert len(entries) + len(problems) == len(lines)


class FileTests(SynchronousTestCase):
    """A users file on the disk."""

    def setUp(self) -> None:
        self.path = Path(mkdtemp()) / "users"
        self.source = FileSource("file", 0, self.path)

    def test_interfaces(self) -> None:
        """Every source has what the interface promises."""
        verifyObject(IStatusSource, self.source)
        verifyObject(IStatusSource, MemorySource("memory", 0, {}, NOW))

    def test_changed(self) -> None:
        """A file has changed when it is new, written or replaced, and not otherwise."""
        self.path.write_text("a: 1\n")
        self.assertTrue(self.source.changed())
        self.source.read()
        self.assertFalse(self.source.changed())
        replacement = self.path.with_name("new")
        replacement.write_text("a: 2\n")
        os.replace(replacement, self.path)
        self.assertTrue(self.source.changed())

    def test_unreadable(self) -> None:
        """A file that is missing, or is none, fails with its name."""
        for make in (lambda: None, self.path.mkdir):
            make()
            with self.assertRaises(SourceFailed) as caught:
                self.source.read()
            self.assertIn(str(self.path), str(caught.exception))

    def test_leaks_nothing(self) -> None:
        """A folder in the place of the file costs no descriptor, however often it is looked at."""
        self.path.mkdir()
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(20):
            with self.assertRaises(SourceFailed):
                self.source.read()
        self.assertEqual(len(os.listdir("/proc/self/fd")), before)
        with self.assertRaises(SourceFailed):
            FileSource("file", 0, Path("a\0b")).read()

    def test_a_pipe_does_not_hang(self) -> None:
        """A named pipe in the place of the file is refused at once."""
        os.mkfifo(self.path)
        with self.assertRaises(SourceFailed):
            self.source.read()


class FollowingTests(SynchronousTestCase):
    """The store in step with a users file."""

    def setUp(self) -> None:
        self.house = House()
        self.path = Path(mkdtemp()) / "users"
        self.path.write_text("moshez: from the file\nshawn: Alive\n")
        at_once: Any = AtOnce()
        self.following = Following(self.house.store, at_once, [FileSource("file", 0, self.path)])
        self.look()

    def look(self) -> None:
        self.house.result(self.following.look())

    def rewrite(self, text: str, seconds: float) -> None:
        """Write the file, and date it so many seconds into the test."""
        self.path.write_text(text)
        moment = self.house.clock.seconds() + seconds
        os.utime(self.path, (moment, moment))

    def shown(self, login: str) -> str | None:
        (framed,) = self.house.store.engine.read([login])
        if framed is None or framed.record is None:
            return None
        record = load(framed.record, Record)
        return record.status.text if record.status else ""

    def test_change_is_taken_in_at_the_next_look(self) -> None:
        """A line that changed, came or went is shown a look later; one that did not makes no change."""
        self.assertEqual((self.shown("moshez"), self.shown("shawn")), ("from the file", "Alive"))
        before = self.house.store.engine.revision
        self.path.write_text("moshez: edited\nada: new\n")
        os.utime(self.path, (4e9, 4e9))
        self.house.turn(1)
        self.look()
        self.assertEqual((self.shown("moshez"), self.shown("shawn"), self.shown("ada")), ("edited", None, "new"))
        self.assertEqual(self.house.store.engine.revision, before + 3)

    def test_read_again_after_thirty_seconds(self) -> None:
        """A change that the file's dates do not betray is found within 30 seconds."""
        stat = self.path.stat()
        self.path.write_text("moshez: FROM THE FILE\nshawn: Alive\n")
        os.utime(self.path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        self.house.turn(5)
        self.look()
        self.assertEqual(self.shown("moshez"), "from the file")
        self.house.turn(25)
        self.look()
        entry = self.house.store.engine.said("file")["moshez"]
        self.assertEqual(entry.status and entry.status.text, "FROM THE FILE")

    def test_missing_file_keeps_what_it_said(self) -> None:
        """A file that can't be read is reported once, and what it said last stays."""
        self.path.unlink()
        for _ in range(3):
            self.house.turn(1)
            self.look()
        self.assertEqual(self.shown("moshez"), "from the file")

    def test_source_no_longer_configured(self) -> None:
        """People of a source that was taken out of the configuration go."""
        self.following.replace([])
        self.look()
        self.assertIsNone(self.shown("moshez"))

    def test_set_by_hand_survives_a_restart(self) -> None:
        """What somebody set shows on, though the unchanged file is read again by a new store."""
        client = self.house.client()
        self.house.clock.advance(2e9)
        self.house.result(client.set_status("moshez", said("by hand"), peer("moshez")))
        at_once: Any = AtOnce()
        self.following = Following(self.house.store, at_once, [FileSource("file", 0, self.path)])
        self.look()
        self.assertEqual(self.shown("moshez"), "by hand")
