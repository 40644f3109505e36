"""The live list: what a client holds is what the store says, at every moment, and nothing is left when it goes."""

from __future__ import annotations

from typing import Any

from fingerpost.errors import TemporarilyUnavailable
from fingerpost.interfaces import Page
from fingerpost.model import Audience
from fingerpost.ops.limits import Limits
from fingerpost_pb.broker import StatusBroker
from fingerpost_pb.client import Entry, LiveStatuses
from fingerpost_pb.live import BACKLOG
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from tests.pb.kit import UNLIMITED, Client, PbHouse, Stranger, call

NAMES = ("ada", "bob", "cy", "dan", "eve", "fay")


def texts(live: Any) -> dict[str, str]:
    """What a live list says, the latest first."""
    return {login: entry.text for login, entry in live.statuses.items()}


class LiveTests(SynchronousTestCase):
    """A client that observes a list of at most three."""

    def setUp(self) -> None:
        self.house = PbHouse(self, list_limit=3)
        self.house.say("ada", "one")
        self.house.say("bob", "two")
        self.client = Client(self.house)

    def observe(self) -> tuple[Any, list[tuple[str, str | None]]]:
        """The list, and what a watch of it hears."""
        live = self.client.call("getLive")
        heard: list[tuple[str, str | None]] = []
        live.watch(lambda login, entry: heard.append((login, None if entry is None else entry.text)))
        return live, heard

    def test_list(self) -> None:
        """The list has who has a status, the latest first, with when and how they are."""
        live, _ = self.observe()
        self.assertIsInstance(live, LiveStatuses)
        self.assertEqual(list(live.statuses), ["bob", "ada"])
        self.assertEqual(
            live.statuses["ada"],
            Entry(login="ada", text="one", emoji="", availability="free", set_at="2027-01-15T08:00:01.000000+00:00"),
        )

    def test_changes(self) -> None:
        """What is set appears in the list without asking, and whoever watches hears it."""
        live, heard = self.observe()
        self.house.say("ada", "again")
        self.house.say("cy", "new")
        self.house.turn()
        self.assertEqual(list(texts(live).items()), [("cy", "new"), ("ada", "again"), ("bob", "two")])
        self.assertEqual(heard, [("ada", "again"), ("cy", "new")])

    def test_watch_ends(self) -> None:
        """A watch that was stopped hears nothing more."""
        live, _ = self.observe()
        heard: list[str] = []
        stop = live.watch(lambda login, entry: heard.append(login))
        self.house.say("ada", "again")
        self.house.turn()
        stop()
        self.house.say("bob", "again")
        self.house.turn()
        self.assertEqual(heard, ["ada"])

    def test_the_oldest_leaves(self) -> None:
        """When somebody comes into a full list, the oldest leaves it on both sides."""
        live, heard = self.observe()
        for login in ("cy", "dan"):
            self.house.say(login, "new")
        self.house.turn()
        self.assertEqual(list(live.statuses), ["dan", "cy", "bob"])
        self.assertEqual(heard, [("cy", "new"), ("dan", "new"), ("ada", None)])

    def test_somebody_moves_up(self) -> None:
        """When somebody leaves a full list, whoever stood behind its end moves up."""
        for login in ("cy", "dan"):
            self.house.say(login, "new")
        live, heard = self.observe()
        self.house.say("dan", "")
        self.house.turn()
        self.assertEqual(list(live.statuses), ["cy", "bob", "ada"])
        self.assertEqual(heard, [("dan", None), ("ada", "one")])

    def test_an_older_status_shows_again(self) -> None:
        """When a status ends and an older one shows again, whoever is later than that one takes the place."""
        before = self.successResultOf(Deferred.fromCoroutine(self.house.statuses.get("ada")))
        for login in ("cy", "dan", "ada"):
            self.house.say(login, "new")
        live, _ = self.observe()
        self.assertEqual(list(live.statuses), ["ada", "dan", "cy"])
        self.house.statuses._put(before)
        self.house.turn()
        self.assertEqual(list(live.statuses), ["dan", "cy", "bob"])

    def test_a_list_that_is_ahead_of_the_feed(self) -> None:
        """Should the store's list know more than the feed has said, the client's list becomes the store's."""
        for login in ("cy", "dan"):
            self.house.say(login, "new")
        live, _ = self.observe()
        newest = self.successResultOf(Deferred.fromCoroutine(self.house.statuses.get("cy")))
        self.patch(self.house.statuses, "latest", lambda after, limit: succeed(Page([newest])))
        self.house.say("dan", "")
        self.house.turn()
        self.assertEqual(texts(live), {"cy": "new"})

    def test_cleared(self) -> None:
        """A status that is cleared leaves the list; a person who never had one is not told of."""
        live, heard = self.observe()
        self.house.say("ada", "")
        self.house.add("quiet")
        self.house.turn()
        self.assertEqual(list(live.statuses), ["bob"])
        self.assertEqual(heard, [("ada", None)])

    def test_same_list_again(self) -> None:
        """A second `getLive` on a connection answers the same list, and costs nothing."""
        live, _ = self.observe()
        self.patch(self.house.statuses, "latest", self.away)
        again = self.client.call("getLive")
        self.house.say("cy", "new")
        self.house.turn()
        self.assertEqual(live.statuses, again.statuses)
        self.assertEqual(self.house.watches, 1)

    def test_many_observers(self) -> None:
        """However many observe, the feed is watched once, until the last of them is gone."""
        others = [Client(self.house) for _ in range(3)]
        lists = [other.call("getLive") for other in others]
        live, _ = self.observe()
        self.house.say("cy", "new")
        self.house.turn()
        for each in (live, *lists):
            self.assertEqual(list(each.statuses), ["cy", "bob", "ada"])
        self.assertEqual(self.house.watches, 1)
        for other in others:
            other.leave()
        self.assertEqual(self.house.watches, 1)
        self.client.leave()
        self.assertEqual(self.house.watches, 0)

    def test_no_longer_wanted(self) -> None:
        """A program that drops the list stops the updates; it can ask for a current one again."""
        live = self.client.call("getLive")
        del live
        self.house.turn()
        self.assertEqual(self.house.watches, 0)
        self.house.say("cy", "meanwhile")
        live, heard = self.observe()
        self.assertEqual(list(live.statuses), ["cy", "bob", "ada"])
        self.house.say("cy", "again")
        self.house.turn()
        self.assertEqual(heard, [("cy", "again")])

    def slow_store(self) -> Deferred[None]:
        """Have the list of the latest come only when what is returned fires."""
        latest = self.house.statuses.latest
        go: Deferred[None] = Deferred()

        async def wait(after: str, limit: int) -> Page:
            found = await latest(after, limit)
            await go
            return found

        self.patch(self.house.statuses, "latest", wait)
        return go

    def test_change_while_loading(self) -> None:
        """What is set while the list is being loaded is in it."""
        go = self.slow_store()
        asked = self.client.calling("getLive")
        self.house.turn()
        self.assertNoResult(asked)
        self.house.say("cy", "meanwhile")
        self.house.say("ada", "")
        go.callback(None)
        self.house.turn()
        live = self.successResultOf(asked)
        self.assertEqual(texts(live), {"cy": "meanwhile", "bob": "two"})

    def test_leaving_while_loading(self) -> None:
        """A client that leaves before its list is loaded leaves nothing behind."""
        go = self.slow_store()
        asked = self.client.calling("getLive")
        self.house.turn()
        self.client.leave()
        self.failureResultOf(asked)
        go.callback(None)
        self.house.turn()
        self.assertEqual(self.house.watches, 0)

    def test_two_loads_at_once(self) -> None:
        """Two clients that ask while the list is being loaded both get one that is kept current."""
        go = self.slow_store()
        other = Client(self.house)
        asked = [client.calling("getLive") for client in (self.client, other)]
        self.house.turn()
        self.house.say("cy", "meanwhile")
        go.callback(None)
        self.house.turn()
        lists = [self.successResultOf(each) for each in asked]
        self.house.say("bob", "later")
        self.house.turn()
        for live in lists:
            self.assertEqual(list(texts(live).items()), [("bob", "later"), ("cy", "meanwhile"), ("ada", "one")])

    def test_store_away(self) -> None:
        """If the store can't say who moves up, the list is right but for its end, and whole with the next change."""
        for login in ("cy", "dan"):
            self.house.say(login, "new")
        live, _ = self.observe()
        latest = self.house.statuses.latest
        self.patch(self.house.statuses, "latest", self.away)
        self.house.say("dan", "")
        self.house.turn()
        self.assertEqual(list(live.statuses), ["cy", "bob"])
        self.patch(self.house.statuses, "latest", latest)
        self.house.say("bob", "again")
        self.house.turn()
        self.assertEqual(list(live.statuses), ["bob", "cy", "ada"])

    async def away(self, *_: object) -> Any:
        raise TemporarilyUnavailable

    def test_kept_back(self) -> None:
        """Who keeps words or time back leaves the list, and comes back with them."""
        live, heard = self.observe()
        for field in ("status", "since"):
            for audience in (Audience.LOCAL, Audience.NOBODY):
                self.house.keep_back("bob", **{field: audience})
                self.house.turn()
                self.assertEqual((list(live.statuses), heard), (["ada"], [("bob", None)]))
                self.house.say("bob", "two")
                self.house.turn()
                self.assertEqual(list(live.statuses), ["ada"])
                self.house.keep_back("bob", **{field: None})
                self.house.turn()
                self.assertEqual((texts(live)["bob"], heard[1:]), ("two", [("bob", "two")]))
                heard.clear()

    def test_kept_back_from_the_beginning(self) -> None:
        """A list has as many as fit, however many keep their words back and are later than those."""
        for number in range(8):
            self.house.add(f"user{number}", "x")
            self.house.keep_back(f"user{number}", status=Audience.NOBODY)
        live, _ = self.observe()
        self.assertEqual(list(live.statuses), ["bob", "ada"])

    def test_backlog(self) -> None:
        """A client that acknowledges no updates is disconnected when a thousand are waiting."""
        stranger = Stranger(self.house)
        stranger.greet()
        stranger.send(call(b"getLive"))
        for number in range(BACKLOG):
            self.house.say("ada", f"number {number}")
        self.assertFalse(stranger.ended)
        self.house.say("ada", "one more")
        self.assertTrue(stranger.ended)
        stranger.lose()
        self.assertEqual(self.house.watches, 0)

    def test_acknowledged(self) -> None:
        """A client that acknowledges, even by an error, may stay however many updates there are."""
        stranger = Stranger(self.house)
        stranger.greet()
        stranger.send(call(b"getLive"))
        stranger.wire.clear()
        for number in range(BACKLOG + 100):
            self.house.say("ada", f"number {number}")
            (update,) = stranger.got()
            stranger.wire.clear()
            stranger.send([b"error" if number % 2 else b"answer", update[1], [b"None"]])
        self.assertFalse(stranger.ended)

    def test_finish_with_observers(self) -> None:
        """When the service stops, those who observe are disconnected at once: nothing of theirs is under way."""
        self.observe()
        drained = self.house.guard.drain(10)
        self.house.turn()
        self.successResultOf(drained)
        self.assertEqual(self.house.watches, 0)

    @given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(["", "a", "b"])), max_size=30), st.integers(1, 4))
    def test_always_the_latest(self, said: list[tuple[str, str]], limit: int) -> None:
        """After any statuses and clearings, what a client holds is what the store's own list says."""
        house = PbHouse(self, UNLIMITED, limit)
        for name in NAMES:
            house.add(name)
        client = Client(house)
        live = client.call("getLive")
        for login, text in said:
            house.say(login, text)
        house.turn()
        page = self.successResultOf(Deferred.fromCoroutine(house.statuses.latest("", limit)))
        self.assertEqual(list(live.statuses), [record.login for record in page.records])
        client.leave()
        self.assertEqual(house.watches, 0)


class RateTests(SynchronousTestCase):
    """Updates and acknowledgements are no calls."""

    def test_updates_spend_nothing(self) -> None:
        """An observer's own limit is not spent by what others say."""
        house = PbHouse(self, Limits(rate=0.001, burst=2))
        client = Client(house)
        live = client.call("getLive")
        for number in range(20):
            house.say("ada", f"number {number}")
        house.turn()
        self.assertEqual(texts(live), {"ada": "number 19"})
        self.assertIsInstance(client.broker, StatusBroker)
        self.assertEqual(client.call("getUser", "ada"), "number 19")
        self.assertEqual(client.refused("getUser", "ada")[0], "TooMany")
