"""What programs ask, whichever protocol carries it."""

from __future__ import annotations

from fingerpost.errors import NoSuchUser, TemporarilyUnavailable
from fingerpost.interfaces import IStatuses, Page, Proof
from fingerpost.lookups import Lookups, LookupsConfig, latest
from fingerpost.model import Audience, Person
from fingerpost.testing import MemoryStatuses
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer


@implementer(IStatuses)
class SmallPages(MemoryStatuses):
    """A store whose records are so large that few of them fit on a page."""

    async def latest(self, after: str, limit: int) -> Page:
        """See `IStatuses`."""
        return await super().latest(after, min(limit, 3))


class LookupsTests(SynchronousTestCase):
    """The tutorial's questions."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.statuses = SmallPages(self.clock)
        for number in range(10):
            self.clock.advance(1)
            self.statuses.add(Person(f"user{number}", aliases=(f"u{number}",)), f"status {number}")
        self.statuses.add(Person("silent"))
        self.lookups = Lookups(self.statuses, LookupsConfig())

    def test_user(self) -> None:
        """A login or an alias is answered with the plain status; nobody, and nothing said, in words."""
        for name, expected in (
            ("user3", "status 3"), ("U3", "status 3"), ("silent", "No status."), ("x", "No such user"),
            ("x" * 1000, "No such user"),
        ):  # fmt: skip
            self.assertEqual(self.successResultOf(Deferred.fromCoroutine(self.lookups.user(name))), expected)

    def test_users(self) -> None:
        """Everybody who has a status is listed, the latest first, over as many pages as it takes."""
        users = self.successResultOf(Deferred.fromCoroutine(self.lookups.users()))
        self.assertEqual(users, [f"user{number}" for number in reversed(range(10))])

    def test_a_limit(self) -> None:
        """Where not all are wanted, it is known that there are more."""
        for limit, more in ((1, True), (4, True), (9, True), (10, False), (11, False)):
            found, others = self.successResultOf(Deferred.fromCoroutine(latest(self.statuses, limit)))
            self.assertEqual((len(found), others), (min(limit, 10), more))

    def test_who_is_wanted(self) -> None:
        """Of those who are wanted there are as many as were asked for, if it takes no look at crowds of others."""
        for limit, expected, more in ((1, ["user1"], True), (2, ["user1", "user0"], False)):
            asked = latest(self.statuses, limit, lambda record: record.login < "user2")
            found, others = self.successResultOf(Deferred.fromCoroutine(asked))
            self.assertEqual(([record.login for record in found], others), (expected, more))
        for number in range(100):
            self.statuses.add(Person(f"vera{number}"), "x")
        asked = latest(self.statuses, 2, lambda record: record.login < "user2")
        self.assertEqual(self.successResultOf(Deferred.fromCoroutine(asked)), ([], True))

    def test_words_kept_back(self) -> None:
        """Who keeps the words back says nothing, and is not among those who do."""
        change = self.statuses.set_visibility("user3", None, {"status": Audience.NOBODY}, Proof("peer", "user3"))
        self.successResultOf(Deferred.fromCoroutine(change))
        self.assertEqual(self.successResultOf(Deferred.fromCoroutine(self.lookups.user("user3"))), "No status.")
        self.assertNotIn("user3", self.successResultOf(Deferred.fromCoroutine(self.lookups.users())))

    def test_record(self) -> None:
        """A record has what is known, and nothing else; nobody is an error."""
        for said, expected in (
            ({}, {"status": "status 1", "availability": "free", "since": "1970-01-01T00:00:02Z", "via": "file"}),
            ({"since": Audience.NOBODY}, {"status": "status 1", "availability": "free", "via": "file"}),
            ({"status": Audience.NOBODY}, {"via": "file"}),
        ):
            change = self.statuses.set_visibility("user1", None, said, Proof("peer", "user1"))
            self.successResultOf(Deferred.fromCoroutine(change))
            record = self.successResultOf(Deferred.fromCoroutine(self.lookups.record("user1")))
            self.assertEqual(record, {"login": "user1", "name": "user1", **expected})
        self.failureResultOf(Deferred.fromCoroutine(self.lookups.record("x")), NoSuchUser)

    def test_away(self) -> None:
        """What can't be known now is an error of its own."""
        self.statuses.away = True
        for question in (self.lookups.user("user1"), self.lookups.users(), self.lookups.record("user1")):
            self.failureResultOf(Deferred.fromCoroutine(question), TemporarilyUnavailable)
