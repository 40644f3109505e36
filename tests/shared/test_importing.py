"""People by the thousand: taken in row by row, and given out again."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from fingerpost import adminwire, wire
from fingerpost.codec import load
from fingerpost.errors import NotAccepted, TemporarilyUnavailable
from fingerpost.model import Record
from fingerpost.store.administering import AdminSocket
from fingerpost.store.engine.memory import MemoryEngine
from hypothesis import given
from hypothesis import strategies as st

from tests.kit import peer
from tests.shared.accounts import Accounts

VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(), st.lists(st.text()), st.dictionaries(st.text(), st.text())
)
KEYS = st.sampled_from(["login", "aliases", "full_name", "status", "lasting", "hidden", "audiences", "links", "x"])


class ImportTests(Accounts):
    """Rows through the admin socket."""

    def take_in(self, *rows: object) -> tuple[int, list[list[Any]]]:
        """How many rows changed something, and those that were refused."""
        answer = self.ask(self.admin, adminwire.Import, rows=json.dumps(rows).encode())
        return answer["changed"], json.loads(answer["refused"])

    def record(self, login: str) -> Record:
        (framed,) = self.house.store.engine.read([login])
        assert framed is not None and framed.record is not None
        return load(framed.record, Record)

    def export(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        after: str | None = ""
        while after is not None:
            answer = self.ask(self.admin, adminwire.Export, after=after)
            rows += json.loads(answer["rows"])
            after = answer["next"]
        return rows

    def test_rows(self) -> None:
        """Each row makes somebody known, with profile and status; the same rows again change nothing."""
        rows = [
            {"login": "moshez", "full_name": "Moshe Zadka", "aliases": ["moshe"], "status": {"text": "Happy"}},
            {"login": "Shawn"},
        ]
        self.assertEqual(self.take_in(*rows), (2, []))
        self.assertEqual(self.take_in(*rows), (0, []))
        made = self.record("moshez")
        self.assertEqual((made.person.aliases, made.status.text, made.status.via), (("moshe",), "Happy", "import"))
        self.assertIsNone(self.record("shawn").status)

    def test_bad_rows(self) -> None:
        """Rows that can't be are told by their place and reason, and the others are taken in."""
        bad = [
            {"login": "no good"},
            {"full_name": "Nobody"},
            "moshez: Happy",
            None,
            {"login": "a", "ful_name": "x"},
            {"login": "a", "plan": 7},
            {"login": "a", "status": {"text": "x" * 281}},
            {"login": "a", "status": {"text": "x", "since": "yesterday"}},
            {"login": "a", "status": {"text": "x", "since": "2026-01-01T00:00:00"}},
            {"login": "a", "status": "Happy"},
            {"login": "a", "status": {"text": "x", "mood": "good"}},
            {"login": "a", "audiences": {"office": "friends"}},
            {"login": "a", "audiences": {"shoe_size": "world"}},
            {"login": "a", "hidden": "maybe"},
            {"login": "a", "aliases": ["moshe", 7]},
            {"login": "a", "status": {"text": "x", "since": "9999-12-31T23:59:59-14:00"}},
            {"login": "a", "status": {"text": "x", "until": "0001-01-01T00:00:00+14:00"}},
        ]
        changed, refused = self.take_in({"login": "first"}, *bad, {"login": "last"})
        self.assertEqual(changed, 2)
        self.assertEqual([place for place, _ in refused], list(range(1, len(bad) + 1)))
        self.assertIn("shoe_size", refused[12][1])
        self.assertTrue(all(reason for _, reason in refused))
        self.assertEqual([row["login"] for row in self.export()], ["first", "last"])

    def test_no_rows(self) -> None:
        """What is no array of rows is refused as a whole."""
        for data in (b"", b"{}", b"[", b"\xff", b"[" * 40_000, b'[{"login": NaN}]'):
            with self.assertRaises(NotAccepted):
                self.ask(self.admin, adminwire.Import, rows=data)

    def test_the_past(self) -> None:
        """A row's status counts as set when it says, but overrides nothing said later, nor lies in the future."""
        now = self.house.store.now()
        status = {"text": "one", "since": (now - timedelta(hours=1)).isoformat()}
        self.take_in({"login": "a", "status": status})
        self.assertEqual(self.record("a").status.set_at, now - timedelta(hours=1))
        self.set_status(peer("a"), "a", "two")
        self.take_in({"login": "a", "status": status, "office": "Room 1"})
        self.assertEqual((self.record("a").status.text, self.record("a").person.office), ("two", "Room 1"))
        future = {"text": "later", "since": (now + timedelta(hours=1)).isoformat()}
        self.take_in({"login": "b", "status": future})
        self.assertEqual(self.record("b").status.set_at, now)
        over = {"text": "over", "until": (now - timedelta(hours=1)).isoformat()}
        self.assertEqual(self.take_in({"login": "c", "status": over}), (1, []))
        self.assertIsNone(self.record("c").status)
        lasting = {"text": "at work", "since": (now - timedelta(hours=2)).isoformat()}
        self.take_in({"login": "d", "status": over, "lasting": lasting})
        self.assertEqual(self.record("d").status.text, "at work")

    def test_round_trip(self) -> None:
        """What was exported, imported elsewhere, is exported again: hidden people, audiences, what shows again."""
        self.add(full_name="Moshe Zadka", home_phone="555-2", timezone="Europe/Berlin", plan="one\ntwo")
        self.set_status(peer("moshez"), text="at work")
        self.house.clock.advance(10)
        self.ask(
            self.writer,
            wire.SetStatus,
            name="moshez",
            proof=str(peer("moshez")),
            op_id="",
            text="lunch",
            via="irc",
            emoji="\N{FORK AND KNIFE}",
            availability="away",
            expires=self.house.store.now() + timedelta(hours=1),
        )
        self.ask(
            self.writer,
            wire.SetVisibility,
            name="moshez",
            proof=str(peer("moshez")),
            op_id="",
            hidden=True,
            audiences=b'{"office":"local"}',
        )
        self.add("shawn")
        first = self.export()
        self.assertEqual([row["login"] for row in first], ["moshez", "shawn"])
        self.house.start(MemoryEngine())
        self.admin = self.connect(AdminSocket)
        self.assertEqual(self.take_in(*first)[1], [])
        self.assertEqual(self.export(), first)
        self.assertEqual(first[0]["lasting"]["text"], "at work")

    def test_twice(self) -> None:
        """Of two rows of one person, what the later one says counts."""
        self.take_in(
            {"login": "a", "status": {"text": "one"}, "hidden": True}, {"login": "a", "status": {"text": "two"}}
        )
        self.take_in({"login": "a", "hidden": False})
        self.assertEqual(self.record("a").status.text, "two")

    def test_a_full_disk(self) -> None:
        """Where nothing can be written, an import is told to be tried again."""

        def full(*arguments: object) -> Any:
            raise TemporarilyUnavailable("The disk is full.")

        self.house.store.write = full  # type: ignore[assignment,method-assign]
        with self.assertRaises(TemporarilyUnavailable):
            self.take_in({"login": "a"})

    def test_many(self) -> None:
        """However many people there are, and however long their plans, every one is exported once."""
        for start in range(0, 900, 300):
            rows = [{"login": f"u{n}", "plan": "x" * (4000 if n % 100 == 0 else 1)} for n in range(start, start + 300)]
            self.take_in(*rows)
        exported = [row["login"] for row in self.export()]
        self.assertEqual(exported, sorted(f"u{n}" for n in range(900)))

    @given(st.lists(st.one_of(VALUES, st.dictionaries(KEYS, VALUES)), max_size=5))
    def test_anything(self, rows: list[object]) -> None:
        """Whatever the rows are, each is taken in or refused with a reason."""
        changed, refused = self.take_in(*rows)
        assert changed + len(refused) <= len(rows)
        assert all(reason for _, reason in refused)
