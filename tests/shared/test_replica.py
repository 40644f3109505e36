"""The replica: catching up, growing out of completeness, and answering while the store is away."""

from __future__ import annotations

from fingerpost.errors import NoSuchUser, TemporarilyUnavailable
from fingerpost.model import Change
from fingerpost.store.engine.memory import MemoryEngine
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.kit import House, peer, said


class FollowingTests(SynchronousTestCase):
    """A replica and a store that come and go."""

    def setUp(self) -> None:
        self.engine = MemoryEngine()
        self.house = House(self.engine)
        self.setter = self.house.client()

    def put(self, login: str, text: str) -> None:
        self.house.turn(1)
        self.house.result(self.setter.set_status(login, said(text), peer(login)))

    def restart(self, keep_changes: int = 100_000) -> None:
        self.house.start(self.engine, keep_changes)
        self.house.turn(5)

    def test_loads_in_pages(self) -> None:
        """More records than fit into one page are all loaded."""
        for number in range(450):
            self.put(f"user{number}", "x" * 200)
        replica = self.house.replica()
        self.assertEqual((len(replica), replica.complete, replica.stale), (450, True, False))

    def test_answers_while_the_store_is_away(self) -> None:
        """Known names are answered and unknown ones denied, but what needs the store is unavailable."""
        self.put("moshez", "Happy")
        replica = self.house.replica()
        self.house.stop()
        self.assertTrue(replica.stale)
        self.assertEqual(self.house.result(replica.get("moshez")).status.text, "Happy")
        with self.assertRaises(NoSuchUser):
            self.house.result(replica.get("nosuch"))
        with self.assertRaises(TemporarilyUnavailable):
            self.house.result(replica.history("moshez", None, 5), 2)

    def test_never_started(self) -> None:
        """With a store that never was, every answer is "temporarily unavailable" within two seconds."""
        self.house.stop()
        replica = self.house.replica()
        with self.assertRaises(TemporarilyUnavailable):
            self.house.result(replica.get("moshez"), 2)

    def test_catches_up_without_a_reload(self) -> None:
        """After the store's return the replica goes on from where it was, and watchers miss nothing."""
        self.put("moshez", "before")
        replica = self.house.replica()
        heard: list[Change] = []
        replica.watch(heard.append)
        self.house.stop()
        self.restart()
        self.put("moshez", "after")
        self.assertEqual(self.house.result(replica.get("moshez")).status.text, "after")
        self.assertEqual((replica.loads, replica.stale), (1, False))
        self.assertEqual([change.revision for change in heard], [2])

    def test_reloads_where_the_log_is_trimmed(self) -> None:
        """A replica that was away for too long loads afresh, and watchers hear what is different."""
        self.put("moshez", "before")
        self.put("shawn", "same")
        replica = self.house.replica()
        heard: list[Change] = []
        replica.watch(heard.append)
        self.house.stop()
        later = House(self.engine)
        client = later.client()
        for number in range(5):
            later.turn(1)
            later.result(client.set_status("moshez", said(f"later {number}"), peer("moshez")))
        self.engine.trim(2)
        self.restart()
        self.assertEqual(replica.loads, 2)
        self.assertEqual([(c.login, c.record and c.record.status.text) for c in heard], [("moshez", "later 4")])

    def test_reloads_from_another_store(self) -> None:
        """A store of another epoch, such as a restored one, is loaded afresh: nothing of the old one stays."""
        self.put("moshez", "before")
        replica = self.house.replica()
        heard: list[Change] = []
        replica.watch(heard.append)
        self.house.stop()
        self.engine = MemoryEngine()
        self.restart()
        with self.assertRaises(NoSuchUser):
            self.house.result(replica.get("moshez"))
        self.assertEqual([(change.login, change.record) for change in heard], [("moshez", None)])

    def test_grows_out_of_completeness(self) -> None:
        """When there are more records than fit, the replica keeps some, and still answers for all."""
        self.put("a", "1")
        self.put("b", "2")
        replica = self.house.replica(capacity=2)
        self.assertTrue(replica.complete)
        self.put("c", "3")
        self.assertFalse(replica.complete)
        self.assertEqual(len(replica), 2)
        for login, text in (("a", "1"), ("b", "2"), ("c", "3")):
            self.assertEqual(self.house.result(replica.get(login)).status.text, text)
        self.assertEqual(len(replica), 2)

    def test_a_change_overtakes_an_answer(self) -> None:
        """Where not all records fit, a change heard while the store is asked is kept over the older answer."""
        for login in ("a", "b", "c"):
            self.put(login, "old")
        replica = self.house.replica(capacity=1)
        answer: Deferred[Change] = Deferred()
        old = self.house.result(self.setter.change("b"))
        self.patch(replica._client, "change", lambda name: answer)
        asking = Deferred.fromCoroutine(replica.get("b"))
        self.put("b", "new")
        answer.callback(old)
        self.assertEqual(self.successResultOf(asking).status.text, "new")
        self.assertEqual(self.house.result(replica.get("b")).status.text, "new")

    def test_many_changes_arrive_in_order(self) -> None:
        """A burst of changes larger than a batch arrives whole and in order."""
        replica = self.house.replica()
        revisions: list[int] = []
        replica.watch(lambda change: revisions.append(change.revision))
        for number in range(900):
            self.put("moshez", f"status {number}")
        self.assertEqual(revisions, list(range(1, 901)))
        self.assertEqual(replica.revision, 900)
