"""Opening an SQLite file: upgrades, and files that are refused in words an operator can act on."""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from fingerpost.errors import TemporarilyUnavailable
from fingerpost.model import Status
from fingerpost.ops.events import Event
from fingerpost.store.edits import StatusSet
from fingerpost.store.engine.database import Steps, packaged_steps
from fingerpost.store.engine.sqlite import SQLiteEngine
from fingerpost.store.interfaces import EngineFailed, EngineRefused, Write
from fingerpost.store.readings import Readings
from fingerpost.store.threads import AtOnce
from twisted.internet.task import Clock
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase


class OpeningTests(SynchronousTestCase):
    """What becomes of a file when the store is started on it."""

    def setUp(self) -> None:
        self.path = Path(mkdtemp()) / "status.db"

    def refused(self, steps: Steps | None = None) -> str:
        """The sentence with which the file is refused."""
        with self.assertRaises(EngineRefused) as caught:
            SQLiteEngine(self.path, steps)
        self.assertIn(str(self.path), str(caught.exception))
        return str(caught.exception)

    def fill(self) -> None:
        engine = SQLiteEngine(self.path)
        now = datetime.now(UTC)
        engine.write([Write("moshez", StatusSet(Status("kept", now, "cli")))], now)
        engine.close()

    def test_created_for_its_owner_only(self) -> None:
        """A new database can be read by the store's user alone."""
        self.fill()
        self.assertEqual(os.stat(self.path).st_mode & 0o777, 0o600)

    def test_durable_settings(self) -> None:
        """The file is in WAL mode, and a commit is on the disk before it is answered."""
        engine = SQLiteEngine(self.path)
        self.addCleanup(engine.close)
        self.assertEqual(engine._writing.execute("pragma journal_mode").fetchone(), ("wal",))
        self.assertEqual(engine._writing.execute("pragma synchronous").fetchone(), (2,))

    def test_upgrade_keeps_a_copy(self) -> None:
        """An older file is upgraded step by step, and a copy of it as it was is kept beside it."""
        self.fill()
        steps = Steps((*packaged_steps().scripts, "alter table person add column shoe_size integer;"))
        engine = SQLiteEngine(self.path, steps)
        self.assertEqual(engine._reading.execute("select login, shoe_size from person").fetchall(), [("moshez", None)])
        engine.close()
        copy = SQLiteEngine(self.path.with_name(f"status.db.schema-{packaged_steps().newest}"))
        self.addCleanup(copy.close)
        (framed,) = copy.read(["moshez"])
        self.assertIn(b"kept", framed.record if framed and framed.record else b"")

    def test_failed_upgrade_changes_nothing(self) -> None:
        """A step that fails leaves the file at the version it had."""
        self.fill()
        broken = Steps((*packaged_steps().scripts, "create table half (a); insert into nosuch values (1);"))
        self.assertIn("nosuch", self.refused(broken))
        engine = SQLiteEngine(self.path)
        self.addCleanup(engine.close)
        tables = engine._reading.execute("select name from sqlite_schema where name = 'half'").fetchall()
        self.assertEqual(tables, [])

    def test_killed_while_it_was_made(self) -> None:
        """A file is made whole or not at all: what a kill leaves in the middle is made anew."""
        broken = Steps((packaged_steps().scripts[0] + "insert into nosuch values (1);",))
        self.refused(broken)
        self.fill()

    def test_newer_file(self) -> None:
        """A file of a newer version is refused, untouched, with what to do."""
        self.fill()
        with sqlite3.connect(self.path) as connection:
            connection.execute("pragma user_version = 99")
        self.assertIn("newer version of Fingerpost (schema 99", self.refused())

    def test_not_a_database(self) -> None:
        """A file that is no database is refused, and left as it is."""
        self.path.write_bytes(b"moshez: Happy and well\n" * 100)
        self.assertIn("not a database", self.refused())
        self.assertTrue(self.path.read_bytes().startswith(b"moshez"))

    def test_database_of_another_program(self) -> None:
        """Another program's database is refused, and left as it is."""
        with sqlite3.connect(self.path) as connection:
            connection.execute("create table bookmarks (url text)")
        self.assertIn("another program", self.refused())

    def test_no_such_folder(self) -> None:
        """A folder that does not exist is named."""
        self.path = self.path.parent / "nosuch" / "status.db"
        self.assertIn("No such file or directory", self.refused())

    def test_already_in_use(self) -> None:
        """Two stores never have the same file."""
        engine = SQLiteEngine(self.path)
        self.addCleanup(engine.close)
        self.assertIn("in use by another store", self.refused())

    def test_a_full_disk(self) -> None:
        """A file that can't be opened for want of room is not said to be damaged."""
        full = sqlite3.OperationalError("disk I/O error")
        full.sqlite_errorname = "SQLITE_IOERR_WRITE"

        def connect(*arguments: object, **options: object) -> None:
            raise full

        self.patch(sqlite3, "connect", connect)
        refusal = self.refused()
        self.assertIn("the disk is full", refusal)
        self.assertNotIn("backup", refusal)

    def test_taken_away(self) -> None:
        """When the file is taken away under a running store, nothing is acknowledged that would be lost."""
        self.fill()
        engine = SQLiteEngine(self.path)
        self.addCleanup(engine.close)
        now = datetime.now(UTC)
        engine.read(["moshez"])
        self.path.rename(self.path.with_name("elsewhere"))
        (outcome,), made = engine.write([Write("moshez", StatusSet(Status("lost", now, "cli")))], now)
        self.assertIsInstance(outcome, TemporarilyUnavailable)
        self.assertIn("is gone", str(outcome))
        self.assertEqual(made, [])
        self.assertEqual([dossier.login for dossier in engine.dossiers("", 5)], ["moshez"])

    def test_damaged_inside(self) -> None:
        """What can't be read in a file whose beginning is in order is told as that, and not as a defect of ours."""
        engine = SQLiteEngine(self.path)
        now = datetime.now(UTC)
        for number in range(200):
            engine.write([Write(f"u{number}", StatusSet(Status("x" * 200, now, "cli")))], now)
        engine.close()
        self.damage(self.path.stat().st_size // 2)
        engine = SQLiteEngine(self.path)
        self.addCleanup(engine.close)
        for read in (lambda: engine.by_name("", 1000), lambda: engine.dossiers("", 1000)):
            with self.assertRaises(EngineFailed) as caught:
                read()
            self.assertIn("can't read its database", str(caught.exception))

    def test_damaged_everywhere(self) -> None:
        """A file of which nothing can be read is refused when the store starts."""
        self.fill()
        self.damage(4096)
        self.assertIn("restore a backup", self.refused())

    def damage(self, start: int) -> None:
        with self.path.open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(start)
            file.write(b"\xa5" * (size - start))


class ReadingsTests(SynchronousTestCase):
    """What is said of reading."""

    def test_said_once(self) -> None:
        """That reading fails is said once, and once that it no longer does, after a while without a failure."""
        clock = Clock()
        events: list[Any] = []
        threads: Any = AtOnce()
        readings = Readings(threads, clock)
        observer: Any = events.append
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)

        def broken() -> None:
            raise EngineFailed("The file is damaged.")

        for _ in range(3):
            self.failureResultOf(readings.run(broken), EngineFailed)
            self.successResultOf(readings.run(bool))
            clock.advance(20)
        self.assertEqual(readings.trouble, "The file is damaged.")
        clock.advance(20)
        self.successResultOf(readings.run(bool))
        self.assertIsNone(readings.trouble)
        told = [event["message_id"] for event in events if event.get("message_id")]
        self.assertEqual(told, [Event.DATABASE_UNREADABLE, Event.DATABASE_READABLE])
