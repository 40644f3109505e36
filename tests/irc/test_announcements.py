"""Which changes are news."""

from __future__ import annotations

from datetime import UTC, datetime

from attrs import evolve
from fingerpost.disclosure import UNKNOWN
from fingerpost.model import Change, Person, Record, Status
from fingerpost_irc.announcements import News
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.irc.kit import START


class NewsTests(SynchronousTestCase):
    """Changes of the feed, and what is announced of them."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(START)
        self.news = News(self.clock)

    def record(self, text: str, login: str = "moshez", age: float = 0.0) -> Record:
        set_at = datetime.fromtimestamp(self.clock.seconds() - age, UTC)
        return Record(Person(login), Status(text, set_at, "cli"))

    def hear(self, record: Record) -> bool:
        return self.news.heard(Change(1, record.login, record))

    def told(self) -> list[str]:
        return list(iter(self.news.next, ""))

    def test_new_status(self) -> None:
        """A status that was just set is announced, once."""
        self.assertTrue(self.hear(self.record("Happy")))
        self.assertEqual(self.told(), ["New status of moshez: Happy"])
        self.assertEqual(self.told(), [])

    def test_loaded_afresh(self) -> None:
        """A record that comes again, or whose profile alone has changed, is no news."""
        record = self.record("Happy")
        self.hear(record)
        self.told()
        self.assertFalse(self.hear(record))
        self.assertFalse(self.hear(evolve(record, person=Person("moshez", plan="None"))))
        self.assertEqual(self.told(), [])

    def test_old_status(self) -> None:
        """A status that was set some time ago is no news, however late it is heard of."""
        self.assertFalse(self.hear(self.record("Happy", age=601)))
        self.assertTrue(self.hear(self.record("Happy", age=599)))

    def test_expiry(self) -> None:
        """When a status expires, the one before it shows again, and is not announced."""
        before = self.record("At work", age=30)
        self.hear(before)
        self.hear(self.record("Lunch"))
        self.told()
        self.clock.advance(60)
        self.assertFalse(self.hear(before))
        self.clock.advance(3600)
        self.assertFalse(self.hear(before))

    def test_latest_only(self) -> None:
        """Of several statuses of one person that wait, the latest is told."""
        self.hear(self.record("One"))
        self.hear(self.record("Other", "shawn"))
        self.clock.advance(1)
        self.hear(self.record("Two"))
        self.assertEqual(self.told(), ["New status of moshez: Two", "New status of shawn: Other"])

    def test_cleared(self) -> None:
        """A status that is cleared, or whose person goes, before it was told is not told."""
        for gone in (Record(Person("moshez")), None):
            self.hear(self.record("Happy"))
            self.assertFalse(self.news.heard(Change(2, "moshez", gone)))
            self.assertEqual(self.told(), [])
            self.clock.advance(1)

    def test_kept_back(self) -> None:
        """A status whose words or time are kept back is not told, nor what waited of that person."""
        for status in (Status("", datetime.fromtimestamp(START, UTC), "cli"), Status("Happy", UNKNOWN, "cli")):
            self.hear(self.record("Before"))
            self.assertFalse(self.hear(Record(Person("moshez"), status)))
            self.assertEqual(self.told(), [])
            self.clock.advance(1)

    def test_many(self) -> None:
        """Of a crowd the first ten are told, and how many more there are."""
        for number in range(12):
            self.hear(self.record("Happy", f"user{number}"))
        told = self.told()
        self.assertEqual((len(told), told[-1]), (11, "... and 2 more new statuses"))
        for number in range(11):
            self.hear(self.record("Sad", f"other{number}"))
        self.assertEqual(self.told()[-1], "... and 1 more new status")

    def test_waited_too_long(self) -> None:
        """What could not be told for ten minutes is not told any more, and does not stand in the way of what is new."""
        for number in range(12):
            self.hear(self.record("Happy", f"user{number}"))
        self.clock.advance(601)
        self.hear(self.record("Happy"))
        self.assertEqual(self.told(), ["New status of moshez: Happy"])
        self.hear(self.record("Sad", "shawn"))
        self.clock.advance(601)
        self.assertEqual(self.told(), [])

    def test_memory(self) -> None:
        """What was announced is not remembered for longer than it matters."""
        for number in range(100):
            self.hear(self.record("Happy", f"user{number}"))
        self.clock.advance(601)
        self.hear(self.record("Happy"))
        self.assertEqual(len(self.news._heard), 1)
