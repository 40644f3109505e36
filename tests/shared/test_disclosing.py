"""A site that changes its mind about what it discloses, and the records that were written before."""

from __future__ import annotations

from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from fingerpost.disclosure import Site
from fingerpost.model import Audience
from fingerpost.store.disclosing import Disclosing
from fingerpost.store.engine.memory import MemoryEngine
from fingerpost.store.engine.sqlite import SQLiteEngine
from fingerpost.store.interfaces import IEngine
from fingerpost.store.threads import AtOnce
from twisted.trial.unittest import SynchronousTestCase

from tests.kit import House, peer

CLOSED = Site(fields={"office": Audience.NOBODY})
PEOPLE = 2300


class DisclosingTests(SynchronousTestCase):
    """A store with many people in it, and a frontend that follows."""

    def setUp(self) -> None:
        self.engine: IEngine = MemoryEngine()
        self.house = House(self.engine)
        self.fill()
        self.replica = self.house.replica(10_000)

    def fill(self, people: int = PEOPLE) -> None:
        client = self.house.client()
        for number in range(people):
            login = f"u{number}"
            self.house.result(client.update_profile(login, {"office": "Room 1"}, peer(login)))

    def disclosing(self, site: Site) -> Disclosing:
        at_once: Any = AtOnce()
        return Disclosing(self.house.store, at_once, at_once, site)

    def look(self, disclosing: Disclosing) -> int:
        """Look once; how many revisions that made."""
        before = self.engine.revision
        self.house.result(disclosing.look())
        made: int = self.engine.revision - before
        return made

    def offices(self) -> set[str]:
        return {change.record.person.office for change in self.replica._directory if change.record}

    def test_everybody_hears_of_it(self) -> None:
        """What is no longer disclosed goes from every frontend, and what is again comes back."""
        self.assertEqual(self.look(self.disclosing(Site())), 0)
        self.assertEqual(self.look(self.disclosing(CLOSED)), PEOPLE)
        self.house.turn()
        self.assertEqual(self.offices(), {""})
        self.assertEqual(self.look(self.disclosing(Site())), PEOPLE)
        self.house.turn()
        self.assertEqual(self.offices(), {"Room 1"})
        self.assertEqual(self.replica.loads, 1)

    def test_looked_at_once(self) -> None:
        """The same site is not gone through again, after a restart either."""
        disclosing = self.disclosing(CLOSED)
        self.look(disclosing)
        calls: list[object] = []
        self.house.store.write = lambda *arguments: calls.append(arguments)  # type: ignore[assignment,method-assign]
        self.look(disclosing)
        self.look(self.disclosing(CLOSED))
        self.assertEqual(calls, [])

    def test_what_is_written_meanwhile(self) -> None:
        """From the moment a site is taken up, nothing is written as the site before had it."""
        disclosing = self.disclosing(Site())
        disclosing.take_up(CLOSED)
        self.fill(3)
        (framed,) = self.engine.read(["u1"])
        self.assertNotIn(b"Room 1", framed.record or b"")
        self.assertEqual(self.look(disclosing), PEOPLE - 3)

    def test_taken_up_again_while_looking(self) -> None:
        """A site that changes while records are looked at is looked at too."""
        disclosing = self.disclosing(CLOSED)
        remember = self.engine.remember

        def changing(name: str, value: str) -> None:
            remember(name, value)
            self.engine.remember = remember  # type: ignore[method-assign]
            disclosing.take_up(Site())

        self.engine.remember = changing  # type: ignore[method-assign]
        self.look(disclosing)
        self.assertEqual(self.look(disclosing), PEOPLE)

    def test_known_after_a_restart(self) -> None:
        """A database that was written under another site is gone through when the store starts on it."""
        path = Path(mkdtemp()) / "status.db"
        self.engine = SQLiteEngine(path)
        self.house.start(self.engine)
        self.fill(2)
        self.look(self.disclosing(Site()))
        self.engine.close()
        self.engine = SQLiteEngine(path)
        self.addCleanup(self.engine.close)
        self.house.start(self.engine)
        self.assertEqual(self.look(self.disclosing(CLOSED)), 2)
        self.assertEqual(self.look(self.disclosing(CLOSED)), 0)

    def test_frontends_know_the_site(self) -> None:
        """A frontend knows what the site discloses from the store, and hears of a change within seconds."""
        self.disclosing(Site(local=("192.0.2.0/24",)))
        self.house.turn(5.1)
        self.assertEqual(self.replica.site.asker("192.0.2.7"), Audience.LOCAL)
        self.assertEqual(self.replica.site.asker("127.0.0.1"), Audience.WORLD)
        self.assertIs(self.replica.stale, False)
