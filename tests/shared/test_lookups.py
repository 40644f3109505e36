"""What programs ask, whichever protocol carries it."""

from __future__ import annotations

from fingerpost.errors import NoSuchUser, TemporarilyUnavailable
from fingerpost.interfaces import IStatuses, Page
from fingerpost.lookups import Disclosure, Lookups, latest
from fingerpost.model import Person
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
        self.lookups = Lookups(self.statuses, Disclosure())

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
            page = self.successResultOf(Deferred.fromCoroutine(latest(self.statuses, limit)))
            self.assertEqual((len(page.records), bool(page.next)), (min(limit, 10), more))

    def test_record(self) -> None:
        """A record has what is known and shown, and nothing else; nobody is an error."""
        self.lookups.disclosure = Disclosure(show=("status",))
        record = self.successResultOf(Deferred.fromCoroutine(self.lookups.record("user1")))
        self.assertEqual(record, {"login": "user1", "name": "user1", "status": "status 1", "availability": "free"})
        self.failureResultOf(Deferred.fromCoroutine(self.lookups.record("x")), NoSuchUser)

    def test_away(self) -> None:
        """What can't be known now is an error of its own."""
        self.statuses.away = True
        for question in (self.lookups.user("user1"), self.lookups.users(), self.lookups.record("user1")):
            self.failureResultOf(Deferred.fromCoroutine(question), TemporarilyUnavailable)
