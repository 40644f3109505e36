"""Statuses as strangers see them, and as local askers do."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from fingerpost.disclosed import Disclosed
from fingerpost.disclosure import UNKNOWN, Site
from fingerpost.errors import NoSuchUser, NotAccepted
from fingerpost.interfaces import NewStatus, Page
from fingerpost.model import Audience, Change, Person, Record
from fingerpost.testing import MemoryStatuses
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.kit import peer

WORLD, LOCAL, NOBODY = Audience.WORLD, Audience.LOCAL, Audience.NOBODY
SAID = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from((WORLD, LOCAL, NOBODY)) for name in ("status", "since", "via")}
)


class DisclosedTests(SynchronousTestCase):
    """Some people, and two who ask about them."""

    def setUp(self) -> None:
        self.start()

    def start(self, site: Site | None = None) -> None:
        self.clock = Clock()
        self.clock.advance(1_000_000_000)
        self.statuses = MemoryStatuses(self.clock)
        self.statuses.site = site or Site()
        self.strangers, self.locals = (Disclosed(self.statuses, asker) for asker in (WORLD, LOCAL))

    def result(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.successResultOf(Deferred.fromCoroutine(work))

    def add(self, login: str, text: str = "", **said: Audience) -> None:
        self.clock.advance(1)
        self.statuses.add(Person(login, full_name="Somebody", office="Room 1"), text)
        self.result(self.statuses.set_visibility(login, None, said, peer(login)))

    def listed(self, statuses: Disclosed, limit: int) -> list[list[str]]:
        """The logins of each page of the list."""
        found, after = [], ""
        while True:
            page: Page = self.result(statuses.latest(after, limit))
            found.append([record.login for record in page.records])
            after = page.next
            if not after:
                return found

    def test_record(self) -> None:
        """A record is without what is not for the asker, however it is found; the login is found in any case."""
        self.add("ada", "Here", office=LOCAL)
        for get in (
            lambda statuses: self.result(statuses.get("ADA")),
            lambda statuses: self.result(statuses.find("somebody", 5))[0],
            lambda statuses: self.result(statuses.latest("", 5)).records[0],
        ):
            self.assertEqual((get(self.strangers).person.office, get(self.locals).person.office), ("", "Room 1"))
        self.failureResultOf(Deferred.fromCoroutine(self.strangers.get("bob")), NoSuchUser)

    def test_same_record(self) -> None:
        """As long as nothing changes, an asker gets the same object, so that what is made of it can be kept."""
        self.add("ada", "Here", office=LOCAL)
        self.add("bob", "Here")
        for name in ("ada", "bob"):
            self.assertIs(self.result(self.strangers.get(name)), self.result(self.strangers.get(name)))
        self.assertIs(self.result(self.strangers.get("bob")), self.result(self.statuses.get("bob")))

    def test_list(self) -> None:
        """Whose status is not for the asker is not listed; whose words alone are not, is."""
        self.add("ada", "Here")
        self.add("bob", "Here", status=LOCAL)
        self.add("cy", "Here", status=LOCAL, since=LOCAL, via=LOCAL)
        self.assertEqual(self.listed(self.strangers, 5), [["bob", "ada"]])
        self.assertEqual(self.listed(self.locals, 5), [["bob", "ada", "cy"]])

    def test_no_time_by_the_neighbours(self) -> None:
        """Whose time is not for everybody stands at the end of every list, where no neighbour tells it."""
        self.add("ada", "Here")
        self.add("bob", "Here", since=LOCAL)
        self.add("cy", "Here")
        for statuses in (self.strangers, self.locals):
            self.assertEqual(self.listed(statuses, 5), [["cy", "ada", "bob"]])

    @given(st.lists(SAID, max_size=12), st.integers(1, 5))
    def test_pages(self, people: list[dict[str, Audience]], limit: int) -> None:
        """Pages are full but for the last, and have everybody whose status is for the asker, once."""
        self.start()
        for number, said in enumerate(people):
            self.add(f"user{number}", "here", **said)
        for statuses in (self.strangers, self.locals):
            expected = [
                login
                for number in reversed(range(len(people)))
                if self.result(statuses.get(login := f"user{number}")).status is not None
            ]
            pages = self.listed(statuses, limit)
            assert sorted(login for page in pages for login in page) == sorted(expected)
            assert all(len(page) == limit for page in pages[:-1])
            assert statuses is self.locals or pages[-1] or len(pages) == 1

    def test_a_crowd_of_others(self) -> None:
        """A list is found behind hundreds of others, and no asker makes us look through everybody."""
        self.add("ada", "Here")
        for number in range(2500):
            self.add(f"user{number}", "Here", status=LOCAL, since=LOCAL, via=LOCAL)
        self.add("bob", "Here", since=LOCAL)
        self.assertEqual([login for page in self.listed(self.strangers, 5) for login in page], ["ada", "bob"])
        asked: list[int] = []
        whole = self.statuses.latest

        async def endless(after: str, limit: int) -> Page:
            asked.append(limit)
            return Page((await whole(f"{UNKNOWN.isoformat()}/user9", limit)).records, f"{UNKNOWN.isoformat()}/user8")

        self.patch(self.statuses, "latest", endless)
        self.assertEqual(self.result(self.strangers.latest("", 5)), Page([]))
        self.assertLess(sum(asked), 10_000)

    def test_cursors(self) -> None:
        """A cursor tells no time that is kept back, and can't be used to find out where somebody stands."""
        for login in ("ada", "bob", "cy"):
            self.add(login, "Here", since=LOCAL)
        self.add("dan", "Here", status=LOCAL, since=LOCAL, via=LOCAL)
        cursor = self.result(self.strangers.latest("", 2)).next
        self.assertEqual(cursor, f"{UNKNOWN.isoformat()}/bob")
        self.assertEqual([record.login for record in self.result(self.strangers.latest(cursor, 2)).records], ["ada"])
        for login in ("cz", "d", "dan"):
            page = self.result(self.strangers.latest(f"{UNKNOWN.isoformat()}/{login}", 2))
            self.assertEqual(page, self.result(self.strangers.latest("", 2)))
        self.failureResultOf(Deferred.fromCoroutine(self.strangers.latest("x", 2)), NotAccepted)

    def test_history(self) -> None:
        """Past statuses are without what is not for the asker, by what the person says now."""
        for said, texts, knows_when in (
            ({}, ["Again", "Here"], True),
            ({"since": LOCAL}, ["Again", "Here"], False),
            ({"history": LOCAL}, [], True),
            ({"status": LOCAL}, [], True),
        ):
            self.start()
            self.add("ada", "Here")
            self.clock.advance(1)
            self.result(self.statuses.set_status("ada", NewStatus("Again", "cli"), peer("ada")))
            self.result(self.statuses.set_visibility("ada", None, said, peer("ada")))
            found = self.result(self.strangers.history("ada", None, 5))
            self.assertEqual([status.text for status in found], texts)
            self.assertTrue(all((status.set_at != UNKNOWN) is knows_when for status in found))
            self.assertEqual(
                [status.text for status in self.result(self.locals.history("ada", None, 5))], ["Again", "Here"]
            )

    def test_feed(self) -> None:
        """A change is heard of without what is not for the asker, and so is that somebody is gone."""
        heard: dict[Audience, list[Change]] = {WORLD: [], LOCAL: []}
        stops = [self.strangers.watch(heard[WORLD].append), self.locals.watch(heard[LOCAL].append)]
        self.add("ada", office=LOCAL)
        offices = [[change.record and change.record.person.office for change in heard[asker]] for asker in heard]
        self.assertEqual(offices, [["Room 1", ""], ["Room 1", "Room 1"]])
        self.result(self.statuses.set_visibility("ada", True, {}, peer("ada")))
        self.assertEqual([heard[asker][-1].record for asker in heard], [None, None])
        for stop in stops:
            stop()
        self.add("ada")
        self.assertEqual([len(changes) for changes in heard.values()], [3, 3])

    def test_what_is_usual(self) -> None:
        """It says what a site usually keeps back from the asker, and whether the store is away."""
        self.statuses.site = Site(fields={"plan": LOCAL})
        self.assertEqual(
            [each.kept_back for each in (self.strangers, self.locals)], [{"plan", "home_phone"}, {"home_phone"}]
        )
        self.assertFalse(self.strangers.stale)
        self.statuses.stale = True
        self.assertTrue(self.strangers.stale)
        self.assertIs(self.strangers.site, self.statuses.site)

    def test_any_record(self) -> None:
        """A record that somebody already made less of is taken as it is."""
        record = Record(Person("ada", office="Room 1"), None, ("office",))
        self.statuses._directory.apply(Change(99, "ada", record))
        self.assertEqual(self.result(self.strangers.get("ada")), Record(Person("ada")))
