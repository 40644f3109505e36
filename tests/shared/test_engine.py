"""The contract of `IEngine`, for every engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from attrs import evolve
from fingerpost.accounts import Scope, Token
from fingerpost.codec import load
from fingerpost.disclosure import Site
from fingerpost.errors import NoSuchUser, NotAccepted, Resync
from fingerpost.model import Audience, Person, Record, Status
from fingerpost.store.dossier import Dossier, Entry
from fingerpost.store.edits import (
    Added,
    Edit,
    Imported,
    Looked,
    ProfileUpdated,
    Removed,
    SourceSaid,
    StatusCleared,
    StatusExpired,
    StatusSet,
    VisibilitySet,
)
from fingerpost.store.engine.memory import MemoryEngine
from fingerpost.store.engine.sqlite import SQLiteEngine
from fingerpost.store.interfaces import Framed, IEngine, ISecrets, Outcome, Write
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(second: int) -> datetime:
    """So many seconds into the test."""
    return START + timedelta(seconds=second)


def entry(source: str, login: str, text: str, second: int, rank: int = 0) -> Entry:
    """What a source says of somebody."""
    return Entry(source, rank, Person(login, full_name=f"From {source}"), Status(text, at(second), source))


class EngineContract:
    """What holds of every engine."""

    engine: Any

    def write(self, login: str, edit: Edit, op_id: str = "") -> Outcome:
        outcomes, _ = self.engine.write([Write(login, edit, op_id)], START)
        found: Outcome = outcomes[0]
        return found

    def say(self, login: str, text: str, second: int, op_id: str = "", until: int | None = None) -> Outcome:
        expires = None if until is None else at(until)
        return self.write(login, StatusSet(Status(text, at(second), "cli", expires_at=expires)), op_id)

    def record(self, login: str) -> Record | None:
        (framed,) = self.engine.read([login])
        return None if framed is None or framed.record is None else load(framed.record, Record)

    def shown(self, login: str) -> str | None:
        record = self.record(login)
        return record.status.text if record and record.status else None

    def test_interface(self: Any) -> None:
        """The engine has every method that the interface promises."""
        verifyObject(IEngine, self.engine)

    def test_contiguous_revisions(self: Any) -> None:
        """Every change has the next revision, in the order of writing, across batches."""
        for batch in range(3):
            writes = [Write(f"u{n}", StatusSet(Status("x", at(batch), "cli"))) for n in range(4)]
            outcomes, made = self.engine.write(writes, START)
            self.assertEqual(outcomes, made)
        log = self.engine.changes(0, 100)
        self.assertEqual([framed.revision for framed in log], list(range(1, 13)))
        self.assertEqual([framed.login for framed in log][:4], ["u0", "u1", "u2", "u3"])
        self.assertEqual(self.engine.revision, 12)

    def test_one_bad_write_spoils_no_other(self: Any) -> None:
        """In a batch, an edit that can't be made raises for its caller alone, and takes no revision."""
        clear = StatusCleared(START)
        outcomes, made = self.engine.write(
            [Write("a", StatusSet(Status("x", at(1), "cli"))), Write("nosuch", clear), Write("a", clear)], START
        )
        self.assertIsInstance(outcomes[1], NoSuchUser)
        self.assertEqual([framed.revision for framed in made], [1, 2])

    def test_operation_repeated(self: Any) -> None:
        """The same operation again gets the answer it got, whatever happened since; another login's does not."""
        first = self.say("a", "one", 1, "op")
        self.say("a", "two", 2)
        self.assertEqual(self.say("a", "three", 3, "op"), first)
        self.assertEqual(self.shown("a"), "two")
        self.say("b", "mine", 4, "op")
        self.assertEqual(self.shown("b"), "mine")

    def test_operation_repeated_in_one_batch(self: Any) -> None:
        """An operation that is asked twice in one commit is made once."""
        write = Write("a", StatusSet(Status("x", at(1), "cli")), "op")
        outcomes, made = self.engine.write([write, write], START)
        self.assertEqual((outcomes[0], len(made)), (outcomes[1], 1))

    def test_change_log(self: Any) -> None:
        """The log is read from any revision it still has, and refuses those it has not."""
        for second in range(10):
            self.say("a", str(second), second)
        self.assertEqual([c.revision for c in self.engine.changes(7, 100)], [8, 9, 10])
        self.assertEqual([c.revision for c in self.engine.changes(0, 3)], [1, 2, 3])
        self.assertEqual(self.engine.changes(10, 100), [])
        with self.assertRaises(Resync):
            self.engine.changes(11, 100)
        self.assertEqual(self.engine.trim(4), 6)
        self.assertEqual([c.revision for c in self.engine.changes(6, 100)], [7, 8, 9, 10])
        for since in (0, 5):
            with self.assertRaises(Resync):
                self.engine.changes(since, 100)

    def test_trimmed_to_nothing(self: Any) -> None:
        """A log that is trimmed away is no log, not an empty one."""
        self.say("a", "x", 1)
        self.engine.trim(0)
        with self.assertRaises(Resync):
            self.engine.changes(0, 100)
        self.assertEqual(self.engine.changes(1, 100), [])

    def test_expiry(self: Any) -> None:
        """When a status expires, the last lasting one shows again, as a change like any other."""
        self.say("a", "at work", 1)
        self.say("a", "lunch", 2, until=10)
        self.say("a", "dessert", 3, until=20)
        self.assertEqual(self.engine.expiring(5), [(at(20), "a")])
        self.write("a", StatusExpired(at(20)))
        self.assertEqual((self.shown("a"), self.engine.revision), ("at work", 4))
        self.assertEqual(self.engine.expiring(5), [])

    def test_expiry_without_lasting(self: Any) -> None:
        """Where nothing lasting was said, nothing shows after an expiry."""
        self.say("a", "lunch", 2, until=10)
        self.write("a", StatusExpired(at(10)))
        self.assertIsNone(self.shown("a"))
        self.assertIsNotNone(self.record("a"))

    def test_source_and_person(self: Any) -> None:
        """The last word wins between a source and the person, and an unchanged source says nothing new."""
        self.write("a", SourceSaid("file", entry("file", "a", "from file", 1), at(1)))
        self.say("a", "by hand", 2)
        self.write("a", SourceSaid("file", entry("file", "a", "from file", 3), at(3)))
        self.assertEqual(self.shown("a"), "by hand")
        self.write("a", SourceSaid("file", entry("file", "a", "edited", 4), at(4)))
        self.assertEqual(self.shown("a"), "edited")
        self.write("a", StatusCleared(at(5)))
        self.write("a", SourceSaid("file", entry("file", "a", "edited", 6), at(6)))
        self.assertIsNone(self.shown("a"))

    def test_source_forgets(self: Any) -> None:
        """Somebody whom no source knows any more, and who has no profile, is gone."""
        self.write("a", SourceSaid("file", entry("file", "a", "x", 1), at(1)))
        self.assertEqual(self.engine.sources(), ["file"])
        self.assertEqual(list(self.engine.said("file")), ["a"])
        gone = self.write("a", SourceSaid("file", None, at(50)))
        self.assertIsNone(gone.record)
        self.assertIsNone(self.record("a"))
        self.assertEqual((self.engine.sources(), dict(self.engine.said("file"))), ([], {}))
        self.assertEqual(self.engine.find("from", 5), [])

    def test_unchanged_line_still_goes(self: Any) -> None:
        """A status that a source said, and said again later in the same words, goes when the source drops it."""
        self.write("a", ProfileUpdated({"full_name": "A"}))
        self.write("a", SourceSaid("file", entry("file", "a", "x", 1), at(1)))
        self.write("a", SourceSaid("file", entry("file", "a", "x", 9), at(9)))
        self.write("a", SourceSaid("file", None, at(50)))
        self.assertIsNone(self.shown("a"))

    def test_missing_for_a_moment(self: Any) -> None:
        """Somebody whose line vanishes from a file and returns still has the status that they set."""
        self.write("a", SourceSaid("file", entry("file", "a", "from file", 1), at(1)))
        self.say("a", "by hand", 2)
        self.write("a", SourceSaid("file", None, at(3)))
        self.assertIsNone(self.record("a"))
        self.assertEqual((self.engine.by_name("", 5), self.engine.latest("", 5)), ([], []))
        self.write("a", SourceSaid("file", entry("file", "a", "from file", 4), at(4)))
        self.assertEqual(self.shown("a"), "by hand")

    def test_changed_line_with_an_old_date(self: Any) -> None:
        """A line that changed shows, even in a file that is dated before what somebody set."""
        self.write("a", SourceSaid("file", entry("file", "a", "from file", 1), at(1)))
        self.say("a", "by hand", 5)
        self.write("a", SourceSaid("file", entry("file", "a", "edited", 2), at(9)))
        self.assertEqual(self.shown("a"), "edited")
        self.say("b", "by hand", 5)
        self.write("b", SourceSaid("file", entry("file", "b", "older", 2), at(9)))
        self.assertEqual(self.shown("b"), "by hand")

    def test_operation_repeated_after_trimming(self: Any) -> None:
        """An operation that changed nothing, repeated when the log is trimmed, gets the record as it is."""
        self.say("a", "x", 1)
        self.write("a", StatusCleared(at(2)))
        self.say("b", "x", 3)
        self.engine.trim(0)
        first = self.write("a", StatusCleared(at(4)), "op")
        again = self.write("a", StatusCleared(at(5)), "op")
        self.assertEqual(first.record, again.record)
        self.assertIsNotNone(again.record)

    def test_kept_back(self: Any) -> None:
        """What nobody may see is not in what frontends are shown, but in the answer to whoever wrote it."""
        made = self.write("a", ProfileUpdated({"home_phone": "555-2", "office": "Room 1"}))
        self.assertIn(b"555-2", made.record)
        (shown,) = self.engine.read(["a"])
        self.assertNotIn(b"555-2", shown.record)
        self.assertIn(b"Room 1", shown.record)
        self.assertEqual(self.engine.changes(0, 5), [shown])

    def test_nothing_new_to_show(self: Any) -> None:
        """A change of what is kept back has no revision, and is kept all the same."""
        self.write("a", ProfileUpdated({"office": "Room 1"}))
        made = self.write("a", ProfileUpdated({"home_phone": "555-2"}), "op")
        self.assertIn(b"555-2", made.record)
        self.assertEqual(self.engine.revision, 1)
        self.assertEqual(self.engine.dossier("a").record().person.home_phone, "555-2")
        self.write("a", ProfileUpdated({"home_phone": "555-3"}))
        self.assertEqual(self.write("a", ProfileUpdated({"home_phone": "555-4"}), "op"), made)

    def test_hidden(self: Any) -> None:
        """Somebody hidden is gone from everything that frontends are shown, and comes back as they were."""
        self.write("a", ProfileUpdated({"full_name": "Ada Smith", "aliases": ("al",)}))
        self.say("a", "x", 1)
        (before,) = self.engine.read(["a"])
        hidden = self.write("a", VisibilitySet(True, {}))
        self.assertIn(b"Ada Smith", hidden.record)
        self.assertEqual(self.engine.read(["a", "al"]), [None, None])
        self.assertEqual(self.engine.find("smith", 5), [])
        self.assertEqual((self.engine.by_name("", 5), self.engine.latest("", 5)), ([], []))
        self.assertIsNone(self.engine.changes(2, 5)[0].record)
        said = self.say("a", "y", 2, "op")
        self.assertIn(b'"y"', said.record)
        self.assertEqual((self.say("a", "z", 3, "op"), self.engine.revision), (said, 3))
        self.assertEqual([dossier.login for dossier in self.engine.dossiers("", 5)], ["a"])
        self.write("a", VisibilitySet(False, {}))
        (after,) = self.engine.read(["al"])
        self.assertEqual(load(after.record, Record).person, load(before.record, Record).person)
        self.assertEqual(self.shown("a"), "y")

    def test_the_log_forgets(self: Any) -> None:
        """What others may no longer see is not in what the change log says of before, either."""
        self.write("a", ProfileUpdated({"office": "Room 1", "project": "x"}), "op")
        self.say("a", "at home", 1)
        self.say("b", "y", 2)
        self.write("a", VisibilitySet(None, {"office": Audience.MEMBER}))
        log = b"".join(map(bytes, self.engine.changes(0, 9)))
        self.assertEqual((b"Room 1" in log, b"at home" in log, b'"y"' in log), (False, True, True))
        self.engine.site = Site(fields={"project": Audience.NOBODY})
        self.write("a", Looked())
        self.assertNotIn(b'"x"', b"".join(map(bytes, self.engine.changes(0, 9))))
        self.write("a", VisibilitySet(True, {}))
        self.assertNotIn(b"at home", b"".join(map(bytes, self.engine.changes(0, 9))))
        self.write("b", Removed())
        self.assertEqual([framed.record for framed in self.engine.changes(0, 9)], [None] * 7)
        self.assertEqual([framed.revision for framed in self.engine.changes(0, 9)], list(range(1, 8)))

    def test_the_past_is_kept_back(self: Any) -> None:
        """Of somebody whose history is not for others, the change log tells the last words alone."""
        self.say("a", "one", 1)
        self.say("a", "one and a half", 1)
        kept_back, _ = self.engine.write([Write("a", VisibilitySet(None, {"history": Audience.MEMBER}))], START)
        self.assertTrue(kept_back[0].alone)
        self.assertNotIn(b'"one"', b"".join(map(bytes, self.engine.changes(0, 9))))
        for second, text in enumerate(("two", "three"), start=2):
            self.say("a", text, second)
        log = b"".join(map(bytes, self.engine.changes(0, 9)))
        self.assertEqual([word for word in (b"one", b"two", b"three") if word in log], [b"three"])

    def test_operations_are_forgotten(self: Any) -> None:
        """However much somebody sets whom nobody sees, only so many operations are remembered."""
        self.say("a", "first", 1)
        self.write("a", VisibilitySet(True, {}))
        for number in range(9):
            said = StatusSet(Status(f"x{number}", at(number + 2), "cli"))
            self.engine.write([Write("a", said, f"op{number}")], at(number))
        self.engine.trim(3)
        self.assertIn(b"x8", self.say("a", "again", 50, "op8").record)
        self.assertIn(b"anew", self.say("a", "anew", 51, "op0").record)

    def test_hidden_statuses_expire(self: Any) -> None:
        """The status of somebody hidden ends when its time is over, though nobody sees it."""
        self.say("a", "at work", 1)
        self.write("a", VisibilitySet(True, {}))
        self.say("a", "lunch", 2, until=10)
        self.assertEqual(self.engine.expiring(5), [(at(10), "a")])
        self.write("a", StatusExpired(at(10)))
        self.write("a", VisibilitySet(False, {}))
        self.assertEqual(self.shown("a"), "at work")

    def test_time_kept_back(self: Any) -> None:
        """Who keeps the time of the status back stands at the end of the latest ones, whenever they set it."""
        self.say("a", "x", 9)
        self.say("b", "y", 1)
        self.write("a", VisibilitySet(None, {"since": Audience.NOBODY}))
        listed = self.engine.latest("", 5)
        self.assertEqual([framed.login for framed, _ in listed], ["b", "a"])
        self.assertNotIn("2026-01", listed[1][1])
        self.assertNotIn(b"2026-01", bytes(listed[1][0]))

    def test_another_site(self: Any) -> None:
        """When the site discloses something else, looking at a record again is a change if others see it."""
        self.write("a", ProfileUpdated({"office": "Room 1"}))
        self.write("b", ProfileUpdated({"project": "x"}))
        self.engine.site = Site(fields={"office": Audience.NOBODY})
        for login in "ab":
            self.write(login, Looked())
        self.assertEqual(self.engine.revision, 3)
        self.assertNotIn(b"Room 1", self.engine.read(["a"])[0].record)
        self.engine.site = Site()
        self.write("a", Looked())
        self.assertIn(b"Room 1", self.engine.read(["a"])[0].record)

    def test_added(self: Any) -> None:
        """Somebody is added once; who is known from a source alone may be added."""
        self.write("a", SourceSaid("file", entry("file", "a", "x", 1), at(1)))
        self.assertIn(b"Ada", self.write("a", Added({"full_name": "Ada"})).record)
        self.assertIsInstance(self.write("a", Added({})), NotAccepted)
        self.assertEqual(self.shown("a"), "x")

    def test_removed(self: Any) -> None:
        """Somebody who is removed is forgotten, with what they said; what a source says of them stays."""
        self.say("a", "x", 1)
        self.write("a", VisibilitySet(None, {"office": Audience.LOCAL}))
        self.assertIsNone(self.write("a", Removed()).record)
        self.assertEqual((self.engine.dossier("a"), self.engine.history("a", None, 5)), (Dossier("a"), []))
        self.assertIsInstance(self.write("a", Removed()), NoSuchUser)
        self.write("b", SourceSaid("file", entry("file", "b", "from file", 1), at(1)))
        self.say("b", "by hand", 2)
        self.write("b", Removed())
        self.assertEqual(self.shown("b"), "from file")
        self.assertEqual(self.engine.dossier("b").sources, ("file",))

    def row(self, said: str | None, second: int = 0, **more: Any) -> Imported:
        status = None if said is None else Status(said, at(second), "import")
        fields: dict[str, Any] = {"person": {}, "lasting": None, "hidden": None, "audiences": {}, **more}
        return Imported(status=status, **fields)

    def test_imported(self: Any) -> None:
        """What is imported shows if nothing newer was set; the same again is no change; nothing else is lost."""
        self.write("a", ProfileUpdated({"office": "Room 1"}))
        self.write("a", self.row("one", 5, person={"full_name": "Ada"}, audiences={"office": Audience.LOCAL}))
        self.assertEqual((self.shown("a"), self.engine.revision), ("one", 2))
        self.assertEqual((self.record("a").person.office, self.record("a").local), ("Room 1", ("office",)))
        self.write("a", self.row("one", 7, person={"full_name": "Ada"}))
        self.assertEqual(self.engine.revision, 2)
        self.write("a", self.row("older", 4))
        self.assertEqual(self.shown("a"), "one")
        self.write("a", self.row(None, hidden=True))
        self.assertIsNone(self.record("a"))

    def test_imported_until(self: Any) -> None:
        """What an export said would show after an expiry does so after the import."""
        lunch = Status("lunch", at(5), "cli", expires_at=at(9))
        row = Imported({}, lunch, Status("at work", at(1), "cli"), None, {})
        self.write("a", row)
        self.write("a", StatusExpired(at(9)))
        self.assertEqual(self.shown("a"), "at work")

    def test_many_dossiers(self: Any) -> None:
        """Everybody who is known is found page by page, whoever else something is remembered of."""
        for number in range(7):
            self.write(f"u{number}", SourceSaid("file", entry("file", f"u{number}", "x", 1), at(1)))
            if number % 2:
                self.say(f"u{number}", "mine", 2)
                self.write(f"u{number}", SourceSaid("file", None, at(3)))
        self.assertEqual([d.login for d in self.engine.dossiers("", 2)], ["u0", "u2"])
        self.assertEqual([d.login for d in self.engine.dossiers("u2", 9)], ["u4", "u6"])

    def test_remembered(self: Any) -> None:
        """What is to be remembered is, and what never was is nothing."""
        self.assertEqual(self.engine.recall("site"), "")
        self.engine.remember("site", "one")
        self.engine.remember("site", "two")
        self.assertEqual(self.engine.recall("site"), "two")

    def test_secrets(self: Any) -> None:
        """Passwords and tokens are kept, listed in order, changed, and forgotten with their person."""
        secrets = self.engine.secrets
        verifyObject(ISecrets, secrets)
        secrets.set_password("a", "hash")
        tokens = [Token(f"t{n}", "ab"[n % 2], (Scope.STATUS,), "x", START, at(n)) for n in range(4)]
        for token in reversed(tokens):
            secrets.issue(token, token.id.encode())
        self.assertEqual((secrets.password("a"), secrets.password("b")), ("hash", ""))
        self.assertEqual((secrets.token(b"t1"), secrets.token(b"nothing")), (tokens[1], None))
        self.assertEqual(secrets.tokens("", "t0", 2), tokens[1:3])
        self.assertEqual(secrets.tokens("a", "", 9), [tokens[0], tokens[2]])
        secrets.used("t0", at(50))
        self.assertEqual(secrets.revoke("t0", at(60)), evolve(tokens[0], used_at=at(50), revoked_at=at(60)))
        self.assertEqual(secrets.token(b"t0").revoked_at, at(60))
        self.assertIsNone(secrets.revoke("nothing", at(60)))
        secrets.forget("a")
        self.assertEqual(
            (secrets.password("a"), secrets.token(b"t2"), secrets.tokens("", "", 9)), ("", None, tokens[1::2])
        )
        secrets.set_password("b", "hash")
        secrets.set_password("b", "")
        self.assertEqual(secrets.password("b"), "")

    def test_precedence_of_sources(self: Any) -> None:
        """The first source in order tells who somebody is, under what they say of themselves."""
        self.write("a", SourceSaid("second", entry("second", "a", "x", 1, rank=1), at(1)))
        self.write("a", SourceSaid("first", entry("first", "a", "y", 2, rank=0), at(2)))
        person = self.record("a").person
        self.assertEqual((person.full_name, person.source), ("From first", "first"))
        self.write("a", ProfileUpdated({"full_name": "Myself"}))
        self.assertEqual(self.record("a").person.full_name, "Myself")
        self.assertEqual(self.record("a").person.source, "first")

    def test_nothing_new(self: Any) -> None:
        """An edit that changes nothing that shows is no change."""
        self.write("a", ProfileUpdated({"full_name": "A"}))
        again = self.write("a", ProfileUpdated({"full_name": "A"}))
        self.assertEqual((again.revision, self.engine.revision), (1, 1))

    def test_pages_by_name(self: Any) -> None:
        """Everybody is reached page by page."""
        for login in ("c", "a", "b"):
            self.say(login, "x", 1)
        first = self.engine.by_name("", 2)
        self.assertEqual([framed.login for framed in first], ["a", "b"])
        self.assertEqual([framed.login for framed in self.engine.by_name("b", 2)], ["c"])

    def test_latest_with_equal_times(self: Any) -> None:
        """People who set a status at the very same time are all reached, each once."""
        for login in ("a", "b", "c"):
            self.say(login, "x", 1)
        seen, after = [], ""
        while page := self.engine.latest(after, 1):
            ((framed, after),) = page
            seen.append(framed.login)
        self.assertEqual(seen, ["c", "b", "a"])


class MemoryEngineTests(EngineContract, SynchronousTestCase):
    """The engine in memory."""

    def setUp(self) -> None:
        self.engine = MemoryEngine()


class SQLiteEngineTests(EngineContract, SynchronousTestCase):
    """The engine in an SQLite file."""

    def setUp(self) -> None:
        self.path = Path(mkdtemp()) / "status.db"
        self.engine = SQLiteEngine(self.path)
        self.addCleanup(lambda: self.engine.close())

    def test_survives_a_restart(self) -> None:
        """A store that is opened again has the same epoch, revisions, records, history and operations."""
        done = self.say("a", "one", 1, "op")
        self.write("b", SourceSaid("file", entry("file", "b", "x", 1), at(1)))
        epoch = self.engine.epoch
        self.engine.close()
        self.engine = SQLiteEngine(self.path)
        self.assertEqual((self.engine.epoch, self.engine.revision), (epoch, 2))
        self.assertEqual(self.say("a", "again", 5, "op"), done)
        self.assertEqual([status.text for status in self.engine.history("a", None, 5)], ["one"])
        self.assertEqual(list(self.engine.said("file")), ["b"])
        outcome = self.say("a", "two", 6)
        self.assertEqual(outcome.revision if isinstance(outcome, Framed) else outcome, 3)

    def test_reads_are_fresh(self) -> None:
        """A long read in one thread does not hold another thread's reads to what was there before."""
        from concurrent.futures import ThreadPoolExecutor

        for number in range(5):
            self.say(f"u{number}", "old", 1)
        with ThreadPoolExecutor(1) as other:
            slow = other.submit(lambda: self.engine._reading.execute("select login from person"))
            slow.result().fetchone()
            self.say("u4", "new", 2)
            self.assertEqual(self.shown("u4"), "new")

    def test_defect_in_an_edit(self) -> None:
        """An edit with a defect fails its own batch, and the next one is made."""
        with self.assertRaises(NotImplementedError):
            self.write("a", Edit())
        self.say("a", "x", 1)
        self.assertEqual(self.shown("a"), "x")

    def test_disk_full(self) -> None:
        """Where the file can't grow, a write is refused with the reason, nothing is changed, and reading goes on."""
        self.say("a", "kept", 1)
        pages = self.engine._writing.execute("pragma page_count").fetchone()[0]
        self.engine._writing.execute(f"pragma max_page_count = {pages}")
        outcomes = [self.say(f"user{number}", "x" * 280, 2) for number in range(100)]
        self.assertIn("full", str(outcomes[-1]))
        self.assertIn("nothing was changed", str(outcomes[-1]))
        self.assertEqual(self.shown("a"), "kept")
        self.engine._writing.execute("pragma max_page_count = 1000000")
        made = [outcome.revision for outcome in outcomes if isinstance(outcome, Framed)]
        after = self.say("user99", "now it fits", 3)
        self.assertEqual(after.revision if isinstance(after, Framed) else after, 1 + len(made) + 1)
