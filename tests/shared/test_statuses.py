"""The contract of `IStatuses` and `IStatusSetter`, for every way a frontend can have them."""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from fingerpost.errors import NoSuchUser, NotAccepted, NotAllowed, TemporarilyUnavailable
from fingerpost.interfaces import IStatuses, IStatusSetter, Page, Proof
from fingerpost.model import Audience, Change, Record
from fingerpost.store.engine.sqlite import SQLiteEngine
from fingerpost.testing import MemoryStatuses
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from tests.kit import House, peer, said


class StatusesContract:
    """What holds of every implementation; `statuses`, `setter` and `run` come from the subclasses."""

    statuses: Any
    setter: Any

    def setUp(self) -> None:
        self.prepare()

    def prepare(self) -> None:
        raise NotImplementedError

    def run_now(self, work: Coroutine[Any, Any, Any]) -> Any:
        raise NotImplementedError

    def tick(self) -> None:
        raise NotImplementedError

    def put(self, login: str, text: str, **profile: object) -> Record:
        """A person with a status, set a second after the one before."""
        self.tick()
        record: Record = self.run_now(self.setter.set_status(login, said(text), peer(login)))
        if profile:
            record = self.run_now(self.setter.update_profile(login, profile, peer(login)))
        return record

    def test_interfaces(self: Any) -> None:
        """Both have every method that their interfaces promise."""
        verifyObject(IStatuses, self.statuses)
        verifyObject(IStatusSetter, self.setter)

    def test_set_then_get(self: Any) -> None:
        """A status that was set is what is read, in any case of the name."""
        made = self.put("moshez", "Happy and well", full_name="Moshe Zadka")
        self.assertEqual(self.run_now(self.statuses.get("MosheZ")), made)
        self.assertEqual(
            (made.status.text, made.status.via, made.person.full_name), ("Happy and well", "cli", "Moshe Zadka")
        )

    def test_unknown(self: Any) -> None:
        """Somebody unknown is `NoSuchUser`, for reading and for clearing."""
        with self.assertRaises(NoSuchUser):
            self.run_now(self.statuses.get("nosuch"))
        with self.assertRaises(NoSuchUser):
            self.run_now(self.statuses.history("nosuch", None, 5))
        with self.assertRaises(NoSuchUser):
            self.run_now(self.setter.clear_status("nosuch", peer("nosuch")))

    def test_hidden_is_unknown(self: Any) -> None:
        """Somebody hidden is nobody: by name, by alias, in searches, in lists, in the past; and comes back."""
        heard: list[Change] = []
        self.put("moshez", "x", aliases=("moshe",), full_name="Moshe Zadka")
        self.statuses.watch(heard.append)
        made = self.run_now(self.setter.set_visibility("moshez", True, {}, peer("moshez")))
        self.assertEqual(made.status.text, "x")
        self.tick()
        for name in ("moshez", "moshe"):
            with self.assertRaises(NoSuchUser):
                self.run_now(self.statuses.get(name))
        with self.assertRaises(NoSuchUser):
            self.run_now(self.statuses.history("moshez", None, 5))
        self.assertEqual(self.run_now(self.statuses.find("zadka", 5)), [])
        self.assertEqual(self.run_now(self.statuses.latest("", 5)), Page([], ""))
        self.assertEqual([change.record for change in heard], [None])
        self.put("moshez", "y")
        self.run_now(self.setter.set_visibility("moshez", False, {}, peer("moshez")))
        self.tick()
        self.assertEqual(self.run_now(self.statuses.get("moshe")).status.text, "y")

    def test_kept_back(self: Any) -> None:
        """What is for nobody or for members is not there; what is for local askers is, and marked as such."""
        self.put("moshez", "x", office="Room 1", email="m@example.org", project="a", home_phone="555-2")
        said = {"office": Audience.LOCAL, "email": Audience.MEMBER, "project": Audience.NOBODY}
        own = self.run_now(self.setter.set_visibility("moshez", None, said, peer("moshez")))
        self.assertEqual((own.person.email, own.person.project, own.person.home_phone), ("m@example.org", "a", "555-2"))
        self.tick()
        shown = self.run_now(self.statuses.get("moshez"))
        self.assertEqual(shown.local, ("office",))
        self.assertEqual((shown.person.office, shown.person.email, shown.person.project), ("Room 1", "", ""))
        self.assertEqual(shown.person.home_phone, "")
        self.run_now(self.setter.set_visibility("moshez", None, {"email": None, "office": None}, peer("moshez")))
        self.tick()
        shown = self.run_now(self.statuses.get("moshez"))
        self.assertEqual((shown.local, shown.person.email, shown.person.project), ((), "m@example.org", ""))

    def test_history_kept_back(self: Any) -> None:
        """Past statuses are kept back with the history, and with the statuses; of others what is left is shown."""
        self.put("moshez", "one")
        self.put("moshez", "two")
        self.run_now(self.setter.set_visibility("moshez", None, {"via": Audience.NOBODY}, peer("moshez")))
        said = self.run_now(self.statuses.history("moshez", None, 5))
        self.assertEqual([(status.text, status.via) for status in said], [("two", ""), ("one", "")])
        for field in ("history", "status"):
            audiences = {"history": None, "status": None, field: Audience.MEMBER}
            self.run_now(self.setter.set_visibility("moshez", None, audiences, peer("moshez")))
            self.assertEqual(self.run_now(self.statuses.history("moshez", None, 5)), [])

    def test_visibility_refused(self: Any) -> None:
        """Nobody but the person says who may see them, of somebody who is known, in words that there are."""
        self.put("moshez", "x")
        with self.assertRaises(NotAllowed):
            self.run_now(self.setter.set_visibility("moshez", True, {}, peer("shawn")))
        with self.assertRaises(NoSuchUser):
            self.run_now(self.setter.set_visibility("nosuch", True, {}, peer("nosuch")))
        for audiences in ({"shoe_size": Audience.WORLD}, {"office": "friends"}):
            with self.assertRaises(NotAccepted):
                self.run_now(self.setter.set_visibility("moshez", None, audiences, peer("moshez")))

    def test_explained(self: Any) -> None:
        """A person is told of each field who may see it, who said so, and whether an asker does."""
        self.put("moshez", "x", office="Room 1", home_phone="555-2")
        self.run_now(self.setter.set_visibility("moshez", None, {"office": Audience.LOCAL}, peer("moshez")))
        for asker, shown in ((Audience.WORLD, False), (Audience.LOCAL, True), (Audience.MEMBER, True)):
            told = self.run_now(self.setter.explain("moshez", asker, peer("moshez")))
            fields = {line.field: line for line in told.fields}
            self.assertEqual((told.login, told.asker, told.hidden), ("moshez", asker, False))
            office, phone = fields["office"], fields["home_phone"]
            self.assertEqual((office.audience, office.said_by, office.shown), (Audience.LOCAL, "person", shown))
            self.assertEqual((phone.value, phone.said_by, phone.shown), ("555-2", "site", False))
            self.assertEqual(fields["status"].value, "x")
        self.run_now(self.setter.set_visibility("moshez", True, {}, peer("moshez")))
        told = self.run_now(self.setter.explain("moshez", Audience.MEMBER, peer("moshez")))
        self.assertEqual((told.hidden, {line.shown for line in told.fields}), (True, {False}))
        with self.assertRaises(NoSuchUser):
            self.run_now(self.setter.explain("nosuch", Audience.WORLD, peer("nosuch")))

    def test_unknown_then_known(self: Any) -> None:
        """Somebody who was asked for in vain is found once they have set a status, by alias too."""
        for name in ("late", "tardy"):
            with self.assertRaises(NoSuchUser):
                self.run_now(self.statuses.get(name))
        made = self.put("late", "Here now", aliases=["tardy"])
        self.assertEqual(self.run_now(self.statuses.get("late")), made)
        self.assertEqual(self.run_now(self.statuses.get("tardy")), made)

    def test_clear(self: Any) -> None:
        """A cleared status is gone, and the person is not."""
        self.put("moshez", "Happy")
        self.assertIsNone(self.run_now(self.setter.clear_status("moshez", peer("moshez"))).status)
        self.assertIsNone(self.run_now(self.statuses.get("moshez")).status)

    def test_alias(self: Any) -> None:
        """An alias names its owner; one that two people have names nobody."""
        one = self.put("moshez", "Happy", aliases=["Moshe", "boss"])
        self.assertEqual(self.run_now(self.statuses.get("moshe")), one)
        self.put("shawn", "Alive", aliases=["boss"])
        with self.assertRaises(NoSuchUser):
            self.run_now(self.statuses.get("boss"))

    def test_find(self: Any) -> None:
        """Words of the real name, logins and aliases are found, all of them together, by login."""
        self.put("zoe", "1", full_name="Zoe Smith")
        self.put("adam", "2", full_name="Adam SMITH", aliases=["first"])
        self.put("eve", "3", full_name="Eve Jones")

        def logins(text: str, limit: int = 10) -> list[str]:
            return [record.login for record in self.run_now(self.statuses.find(text, limit))]

        self.assertEqual(logins("smith"), ["adam", "zoe"])
        self.assertEqual(logins("smith", 1), ["adam"])
        self.assertEqual(logins("Zoe Smith"), ["zoe"])
        self.assertEqual(logins("first"), ["adam"])
        self.assertEqual(logins("eve"), ["eve"])
        self.assertEqual(logins("smith jones"), [])
        self.assertEqual(logins(""), [])

    def test_latest(self: Any) -> None:
        """The list goes from the latest status on, in pages, without those who have none."""
        for login in ("a", "b", "c", "d"):
            self.put(login, "text")
        self.run_now(self.setter.clear_status("c", peer("c")))
        self.put("a", "again")
        first: Page = self.run_now(self.statuses.latest("", 2))
        self.assertEqual([record.login for record in first.records], ["a", "d"])
        second: Page = self.run_now(self.statuses.latest(first.next, 2))
        self.assertEqual([record.login for record in second.records], ["b"])

    def test_latest_wrong_cursor(self: Any) -> None:
        """A cursor that no list returned is refused."""
        with self.assertRaises(NotAccepted):
            self.run_now(self.statuses.latest("garbage", 2))

    def test_history(self: Any) -> None:
        """History has every status, the latest first, in pages."""
        for text in ("one", "two", "three"):
            self.put("moshez", text)
        newest = self.run_now(self.statuses.history("moshez", None, 2))
        self.assertEqual([status.text for status in newest], ["three", "two"])
        older = self.run_now(self.statuses.history("moshez", newest[-1].set_at, 2))
        self.assertEqual([status.text for status in older], ["one"])

    def test_long_history(self: Any) -> None:
        """A history that does not fit into one answer is cut, not lost."""
        for number in range(50):
            self.put("moshez", "\U0001f600" * 275 + str(number))
        found = self.run_now(self.statuses.history("moshez", None, 50))
        self.assertGreater(len(found), 20)
        self.assertTrue(found[0].text.endswith("49"))

    def test_watch(self: Any) -> None:
        """Whoever watches hears of every change in order, until they stop."""
        heard: list[Change] = []
        stop = self.statuses.watch(heard.append)
        self.put("moshez", "one")
        self.put("shawn", "two")
        stop()
        self.put("moshez", "three")
        self.assertEqual([(c.login, c.record.status.text) for c in heard], [("moshez", "one"), ("shawn", "two")])
        self.assertEqual(heard[1].revision, heard[0].revision + 1)

    def test_same_operation_twice(self: Any) -> None:
        """The same `op_id` a second time gets the same answer, and changes nothing."""
        first = self.run_now(self.setter.set_status("moshez", said("one"), peer("moshez"), "op-1"))
        self.tick()
        second = self.run_now(self.setter.set_status("moshez", said("two"), peer("moshez"), "op-1"))
        self.assertEqual(first, second)
        self.assertEqual(self.run_now(self.statuses.get("moshez")).status.text, "one")

    def test_wrong_proof(self: Any) -> None:
        """A proof for another name, or of an unknown kind, changes nothing."""
        for proof in (peer("shawn"), Proof("token", "fp_x"), Proof("", "")):
            with self.assertRaises(NotAllowed):
                self.run_now(self.setter.set_status("moshez", said("no"), proof))
        with self.assertRaises(NoSuchUser):
            self.run_now(self.statuses.get("moshez"))

    def test_refused_text(self: Any) -> None:
        """A text that is not allowed is refused with the field and the reason, and nothing changes."""
        self.put("moshez", "kept")
        for text in ("a\nb", "x" * 281, "", "\u202egnp"):
            with self.assertRaises(NotAccepted) as caught:
                self.run_now(self.setter.set_status("moshez", said(text), peer("moshez")))
            self.assertIn("status: ", str(caught.exception))
        with self.assertRaises(NotAccepted):
            self.run_now(self.setter.update_profile("moshez", {"homepage": "javascript:alert(1)"}, peer("moshez")))
        with self.assertRaises(NotAccepted):
            self.run_now(self.setter.set_status("RPC2", said("reserved"), peer("RPC2")))
        self.assertEqual(self.run_now(self.statuses.get("moshez")).status.text, "kept")

    def test_verify(self: Any) -> None:
        """A good proof tells its login, and a wrong one is not allowed."""
        self.assertEqual(self.run_now(self.setter.verify(peer("Moshez"))), "moshez")
        with self.assertRaises(NotAllowed):
            self.run_now(self.setter.verify(Proof("password", "moshez:guess")))


class MemoryStatusesTests(StatusesContract, SynchronousTestCase):
    """The in-memory store that frontends are tested with."""

    def prepare(self) -> None:
        self.clock = Clock()
        self.statuses = self.setter = MemoryStatuses(self.clock)

    def run_now(self, work: Coroutine[Any, Any, Any]) -> Any:
        from twisted.internet.defer import Deferred

        return self.successResultOf(Deferred.fromCoroutine(_caught(work)))()

    def tick(self) -> None:
        self.clock.advance(1)

    def test_away(self) -> None:
        """Set `away`, and it answers as a frontend does whose store is away."""
        self.statuses.away = True
        with self.assertRaises(TemporarilyUnavailable):
            self.run_now(self.statuses.get("moshez"))


class ReplicaTests(StatusesContract, SynchronousTestCase):
    """A complete replica over AMP, in front of an engine in memory."""

    capacity = 1000

    def prepare(self) -> None:
        self.house = House(self.engine())
        self.setter = self.house.client()
        self.statuses = self.house.replica(self.capacity)

    def engine(self) -> Any:
        return None

    def run_now(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.house.result(work)

    def tick(self) -> None:
        self.house.turn(1)

    def test_profile_of_wrong_shape(self) -> None:
        """Fields that do not exist or have another shape are refused by name."""
        for fields in ({"login": "other"}, {"nosuch": "x"}, {"links": "x"}):
            with self.assertRaises(NotAccepted):
                self.run_now(self.setter.update_profile("moshez", fields, peer("moshez")))


class SmallReplicaTests(ReplicaTests):
    """A replica that holds only one record, and asks the store for the others."""

    capacity = 1


class SQLiteTests(ReplicaTests):
    """A complete replica in front of SQLite."""

    def engine(self) -> Any:
        engine = SQLiteEngine(Path(mkdtemp()) / "status.db")
        self.addCleanup(engine.close)
        return engine


class SmallSQLiteTests(SQLiteTests):
    """A replica of one record in front of SQLite."""

    capacity = 1


async def _caught(work: Coroutine[Any, Any, Any]) -> Any:
    """A function that returns or raises what the coroutine did."""
    try:
        value = await work
    except Exception as error:
        raised = error

        def again() -> Any:
            raise raised

        return again
    return lambda: value
