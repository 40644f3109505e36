"""Backups of an SQLite store that is in use, and taking one back."""

from __future__ import annotations

import os
import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile, mkdtemp
from typing import IO

from fingerpost.disclosure import Site
from fingerpost.errors import NotAccepted
from fingerpost.interfaces import Proof
from fingerpost.model import Status
from fingerpost.store.edits import Removed, StatusSet
from fingerpost.store.engine.memory import MemoryEngine
from fingerpost.store.engine.sqlite import SQLiteEngine
from fingerpost.store.interfaces import CopyFailed, Write
from twisted.trial.unittest import SynchronousTestCase

from tests.kit import House, said

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class CopiesTests(SynchronousTestCase):
    """A store, and a file for its copy."""

    def setUp(self) -> None:
        self.path, self.engine = self.store()
        self.file: IO[bytes] = TemporaryFile()  # noqa: SIM115 (it is open as long as the test)
        self.addCleanup(self.file.close)

    def store(self) -> tuple[Path, SQLiteEngine]:
        path = Path(mkdtemp()) / "status.db"
        engine = SQLiteEngine(path)
        self.addCleanup(engine.close)
        return path, engine

    def say(self, login: str, text: str) -> None:
        self.engine.write([Write(login, StatusSet(Status(text, NOW, "cli")))], NOW)

    def restore(self, engine: SQLiteEngine) -> None:
        self.file.seek(0)
        engine.restore(engine.receive(self.file.fileno()))

    def refused(self, content: bytes) -> str:
        self.file.seek(0)
        self.file.truncate()
        self.file.write(content)
        self.file.flush()
        epoch = self.engine.epoch
        with self.assertRaises(NotAccepted) as caught:
            self.restore(self.engine)
        self.assertEqual(self.engine.epoch, epoch)
        self.assertIn(b"kept", self.engine.read(["moshez"])[0].record)
        return str(caught.exception)

    def test_round_trip(self) -> None:
        """A backup, taken back on an empty machine, has everybody, the history, passwords and revisions."""
        for number in range(3):
            self.say(f"u{number}", "x")
        self.say("u1", "y")
        self.engine.secrets.set_password("u1", "hash")
        copied = self.engine.backup(self.file.fileno())
        self.assertEqual((copied.epoch, copied.revision), (self.engine.epoch, 4))
        self.assertEqual(copied.bytes, os.fstat(self.file.fileno()).st_size)
        self.say("u9", "after the backup")
        _, other = self.store()
        self.restore(other)
        self.assertEqual(other.revision, 4)
        self.assertEqual([framed.login for framed in other.by_name("", 9)], ["u0", "u1", "u2"])
        self.assertEqual(other.secrets.password("u1"), "hash")

    def test_another_epoch(self) -> None:
        """What a restore makes is numbered anew, so that nobody who followed takes it for what was."""
        self.say("a", "x")
        before = self.engine.epoch
        self.engine.backup(self.file.fileno())
        self.restore(self.engine)
        self.assertNotEqual(self.engine.epoch, before)
        self.say("b", "x")
        self.assertEqual(self.engine.revision, 2)
        kept = sqlite3.connect(self.path).execute("select epoch, revision from store").fetchone()
        self.assertEqual(kept, (self.engine.epoch, 2))

    def test_what_was_there_is_kept(self) -> None:
        """What a restore replaces stays beside it, as a store that can be used."""
        self.engine.backup(self.file.fileno())
        self.say("a", "replaced")
        self.restore(self.engine)
        self.assertEqual(self.engine.by_name("", 9), [])
        kept = SQLiteEngine(self.path.with_name("status.db.before-restore"))
        self.addCleanup(kept.close)
        self.assertIn(b"replaced", kept.read(["a"])[0].record)

    def test_nothing_left_lying_about(self) -> None:
        """Neither a backup nor a restore leaves files behind but the one that is kept."""
        self.engine.backup(self.file.fileno())
        self.restore(self.engine)
        left = {name for name in os.listdir(self.path.parent) if not name.endswith(("-wal", "-shm"))}
        self.assertEqual(left, {"status.db", "status.db.lock", "status.db.before-restore"})

    def test_older_backup(self) -> None:
        """A backup of an older version is brought to this one's schema."""
        connection = sqlite3.connect(Path(mkdtemp()) / "old.db")
        schema = Path(__file__).parents[2] / "shared/src/fingerpost/store/engine/schema/0001.sql"
        connection.executescript(schema.read_text())
        connection.execute("insert into store (id, epoch, revision) values (1, 'old', 7)")
        connection.execute("pragma application_id = 0x46507374")
        connection.execute("pragma user_version = 1")
        connection.commit()
        self.file.write(connection.serialize())
        self.file.flush()
        self.restore(self.engine)
        self.assertEqual((self.engine.revision, self.engine.secrets.password("a")), (7, ""))

    def test_no_backups(self) -> None:
        """A file that is no backup is refused in words, and changes nothing."""
        self.say("moshez", "kept")
        self.assertIn("empty", self.refused(b""))
        self.assertIn("not a database", self.refused(b"moshez: Happy and well\n" * 100))
        other = sqlite3.connect(":memory:")
        other.executescript("create table recipe (name text); pragma user_version = 1;")
        self.assertIn("another program", self.refused(other.serialize()))
        newer = sqlite3.connect(":memory:")
        newer.executescript("create table store (id); pragma application_id = 0x46507374; pragma user_version = 99;")
        self.assertIn("newer version", self.refused(newer.serialize()))
        self.file.seek(0)
        self.file.truncate()
        self.engine.backup(self.file.fileno())
        self.file.seek(0)
        whole = self.file.read()
        self.assertIn("no backup", self.refused(whole[: len(whole) // 2]))
        for damage in (
            "drop table token",
            "drop index change_login",
            "update person set dossier = x'00ff'",
            "delete from store",
            "alter table person add column shoe_size",
        ):
            path = Path(mkdtemp()) / "damaged.db"
            path.write_bytes(whole)
            copy = sqlite3.connect(path, isolation_level=None)
            copy.execute("pragma journal_mode = delete")
            copy.execute(damage)
            copy.close()
            self.assertIn("it is damaged", self.refused(path.read_bytes()), damage)

    def test_pages_of_another_size(self) -> None:
        """A backup that somebody has rewritten with larger pages is taken back all the same."""
        self.say("a", "x")
        path = Path(mkdtemp()) / "larger.db"
        with path.open("wb") as file:
            self.engine.backup(file.fileno())
        larger = sqlite3.connect(path, isolation_level=None)
        larger.executescript("pragma journal_mode = delete; pragma page_size = 8192; vacuum;")
        larger.close()
        _, other = self.store()
        with path.open("rb") as file:
            other.restore(other.receive(file.fileno()))
        self.assertEqual([framed.login for framed in other.by_name("", 9)], ["a"])
        self.assertEqual(other._writing.execute("pragma journal_mode").fetchone(), ("wal",))

    def test_no_room(self) -> None:
        """Where a backup can't be written, the reason is told, and nothing is left lying about."""
        with open("/dev/full", "wb") as full, self.assertRaises(CopyFailed) as caught:
            self.engine.backup(full.fileno())
        self.assertEqual(str(caught.exception), "the backup could not be made: No space left on device")
        self.assertEqual([name for name in os.listdir(self.path.parent) if name.startswith("backup-")], [])

    def test_into_a_pipe(self) -> None:
        """A backup may be written into a pipe, such as to a program that encrypts it."""
        reading, writing = os.pipe()
        with os.fdopen(reading, "rb") as pipe:
            got: list[bytes] = []
            reader = threading.Thread(target=lambda: got.append(pipe.read()))
            reader.start()
            copied = self.engine.backup(writing)
            os.close(writing)
            reader.join(10)
        self.assertEqual(len(got[0]), copied.bytes)

    def test_in_memory(self) -> None:
        """A store that keeps nothing says what to do instead."""
        for call in (MemoryEngine().backup, MemoryEngine().receive):
            with self.assertRaises(NotAccepted):
                call(self.file.fileno())

    def test_removed_are_not_in_it(self) -> None:
        """Of somebody who was removed, nothing that they said is found in a backup's tables."""
        self.say("gone", "never said")
        self.engine.write([Write("gone", Removed())], NOW)
        self.engine.trim(0)
        self.engine.backup(self.file.fileno())
        _, other = self.store()
        self.restore(other)
        self.assertEqual((other.history("gone", None, 5), other.dossier("gone").known), ([], False))


class StoreTests(SynchronousTestCase):
    """A store whose database is replaced while others follow it."""

    def test_who_follows_loads_afresh(self) -> None:
        """After a restore, whoever connects again sees what the backup had, and follows on from there."""
        engine = SQLiteEngine(Path(mkdtemp()) / "status.db")
        house = House(engine)
        self.addCleanup(engine.close)
        replica, client = house.replica(), house.client()
        house.result(client.set_status("a", said("one"), Proof("peer", "a")))
        with TemporaryFile() as file:
            engine.backup(file.fileno())
            house.result(client.set_status("a", said("two"), Proof("peer", "a")))
            house.result(client.set_status("b", said("new"), Proof("peer", "b")))
            file.seek(0)
            house.result(house.accounts.administration.restore(file.fileno()))
        for pump in house.pumps:
            pump.server.transport.loseConnection()
        for _ in range(5):
            house.turn(0.5)
        self.assertEqual(house.result(replica.get("a")).status.text, "one")
        self.assertEqual((replica.loads, len(replica), replica.revision), (2, 1, 1))
        house.result(client.set_status("c", said("next"), Proof("peer", "c")))
        self.assertEqual((house.result(replica.get("c")).status.text, replica.revision), ("next", 2))
        self.assertEqual(engine.site, Site())
