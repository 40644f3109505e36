"""The calls, as Twisted's own PB client makes them over a wire in memory."""

from __future__ import annotations

from typing import Any

from fingerpost.disclosure import Site
from fingerpost.lookups import LookupsConfig
from fingerpost.model import Audience, Link, Person
from fingerpost.ops.access import LogConfig
from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs
from twisted.spread import pb
from twisted.trial.unittest import SynchronousTestCase

from tests.kit import counted
from tests.pb.kit import Client, PbHouse


class CallTests(SynchronousTestCase):
    """A client of a service that knows three people."""

    def setUp(self) -> None:
        self.house = self.make()

    def make(self, site: Site | None = None) -> PbHouse:
        house = PbHouse(self)
        house.statuses.site = site or Site()
        house.add("shawn", "Alive")
        house.add("silent", full_name="Says Nothing")
        house.add(
            "moshez",
            "Happy and well",
            aliases=("moshe",),
            full_name="Moshe Zadka",
            office="B 12",
            home_phone="555",
            links=(Link("me", "https://example.org/"),),
        )
        self.client = Client(house)
        return house

    def test_tutorial_client(self) -> None:
        """The client of Twisted's finger tutorial works as it is printed there."""
        said: list[str] = []

        def got_object(object: Any) -> Any:
            return object.callRemote("getUser", "moshez")

        self.client.factory.getRootObject().addCallback(got_object).addCallback(said.append)
        self.house.turn()
        self.assertEqual(said, ["Happy and well"])

    def test_get_user(self) -> None:
        """A status is found by login or alias, in any case, as text or UTF-8; nobody is "No such user"."""
        for name in ("moshez", "Moshe", b"MOSHEZ"):
            self.assertEqual(self.client.call("getUser", name), "Happy and well")
        self.assertEqual(self.client.call("getUser", user="moshez"), "Happy and well")
        self.assertEqual(self.client.call("getUser", "silent"), "No status.")
        for name in ("nosuch", "", "x" * 65, "\x00", b"\xc3\xa4"):
            self.assertEqual(self.client.call("getUser", name), "No such user")

    def test_long_names_do_not_reach_the_store(self) -> None:
        """A name that is longer than any can be is nobody's, without anybody being asked."""
        self.patch(self.house.statuses, "get", lambda name: 1 / 0)
        self.assertEqual(self.client.call("getUser", "x" * 5000), "No such user")

    def test_get_users(self) -> None:
        """The list has who has a status, the latest first, and no more than the limit."""
        self.assertEqual(self.client.call("getUsers"), ["moshez", "shawn"])
        self.house.say("shawn", "Still alive")
        self.assertEqual(self.client.call("getUsers"), ["shawn", "moshez"])
        self.house.lookups.config = LookupsConfig(users_limit=1)
        self.assertEqual(self.client.call("getUsers"), ["shawn"])

    def test_get_users_in_pages(self) -> None:
        """A list that is longer than a page of the store's is put together of several."""
        for number in range(2500):
            self.house.statuses.add(Person(f"user{number}"), "x")
        self.house.lookups.config = LookupsConfig(users_limit=2300)
        users = self.client.call("getUsers")
        self.assertEqual((len(users), len(set(users))), (2300, 2300))

    def test_get_record(self) -> None:
        """A record has everything that is known and may be shown: texts, and times as ISO 8601."""
        self.assertEqual(
            self.client.call("getRecord", "moshe"),
            {
                "login": "moshez",
                "name": "Moshe Zadka",
                "status": "Happy and well",
                "availability": "free",
                "since": "2027-01-15T08:00:03Z",
                "via": "file",
                "office": "B 12",
                "links": [{"rel": "me", "href": "https://example.org/", "type": ""}],
            },
        )
        self.assertEqual(self.client.call("getRecord", "silent"), {"login": "silent", "name": "Says Nothing"})

    def test_what_is_not_shown(self) -> None:
        """What a site keeps back is in no answer, also what it shows on its own networks."""
        self.make(Site(local=("0.0.0.0/0",), default=Audience.LOCAL, fields={"office": Audience.WORLD}))
        self.assertEqual(
            self.client.call("getRecord", "moshez"), {"login": "moshez", "name": "Moshe Zadka", "office": "B 12"}
        )
        self.assertEqual(self.client.call("getUser", "moshez"), "No status.")
        self.assertEqual(self.client.call("getUser", "nosuch"), "No such user")
        self.assertEqual(self.client.call("getUsers"), [])
        self.assertEqual(dict(self.client.call("getLive").statuses), {})

    def test_words_kept_back(self) -> None:
        """Who keeps the words back has no status, also where the time is shown."""
        self.house.keep_back("moshez", status=Audience.LOCAL)
        self.assertEqual(self.client.call("getUser", "moshez"), "No status.")
        self.assertEqual(self.client.call("getUsers"), ["shawn"])
        record = self.client.call("getRecord", "moshez")
        self.assertFalse({"status", "availability", "until"} & {*record})
        self.assertEqual(record["since"], "2027-01-15T08:00:03Z")

    def test_nobody(self) -> None:
        """A record of nobody is a PB error with a sentence."""
        self.assertEqual(self.client.refused("getRecord", "nosuch"), ("NoSuchUser", "No such user."))

    def test_temporarily_unavailable(self) -> None:
        """Where the store is needed and away, a call raises an error that says so, and works again later."""
        self.house.statuses.away = True
        for name, arguments in (("getUser", ("moshez",)), ("getUsers", ()), ("getRecord", ("a",)), ("getLive", ())):
            kind, sentence = self.client.refused(name, *arguments)
            self.assertEqual(kind, "TemporarilyUnavailable")
            self.assertIn("temporarily unavailable", sentence)
        self.house.statuses.away = False
        self.assertEqual(self.client.call("getUser", "moshez"), "Happy and well")

    def test_wrong_calls(self) -> None:
        """A call that does not exist, or with wrong arguments, raises an error that says what is wrong."""
        for words, name, *arguments in (
            ("there are getLive, getRecord, getUser, getUsers", "getuser", "moshez"),
            ("there are", "__init__"),
            ("missing a required argument: 'user'", "getUser"),
            ("too many positional arguments", "getUser", "moshez", "shawn"),
            ("too many positional arguments", "getUsers", 1),
            ("a str, or bytes in UTF-8", "getUser", 5),
            ("a str, or bytes in UTF-8", "getRecord", ["moshez"]),
            ("not UTF-8", "getUser", b"\xff"),
            ("neither a text nor another plain value", "getUser", pb.Referenceable()),
            ("neither a text nor another plain value", "getUser", Copy()),
        ):
            kind, sentence = self.client.refused(name, *arguments)
            self.assertEqual(kind, "BadCall")
            self.assertIn(words, sentence)
        self.assertIn("unexpected keyword", self.client.refused("getUsers", nonsense=1)[1])
        self.assertEqual(self.client.call("getUser", "moshez"), "Happy and well")

    def test_telling_errors_apart(self) -> None:
        """A program can trap an error by the name of its class, or of what they all are."""
        asked = self.client.calling("getRecord", "nosuch")
        self.house.turn()
        failure = self.failureResultOf(asked)
        for name in ("NoSuchUser", "StatusError"):
            self.assertTrue(failure.check(f"fingerpost_pb.errors.{name}"))
        self.assertIsNone(failure.check("fingerpost_pb.errors.TooMany"))

    def test_a_client_that_awaits(self) -> None:
        """A program with `await` can tell errors by the name of their class."""

        async def ask() -> str:
            root = await self.client.factory.getRootObject()
            try:
                await root.callRemote("getRecord", "nosuch")
            except pb.RemoteError as error:
                return f"{error.remoteType!r} {error}"
            return ""

        asked = Deferred.fromCoroutine(ask())
        self.house.turn()
        self.assertEqual(self.successResultOf(asked), "b'fingerpost_pb.errors.NoSuchUser' No such user.")

    def test_counted(self) -> None:
        """Each call is counted once, by what became of it, and logged with whom it was about."""
        self.house.requests.access.config = LogConfig(access=True)
        with capturedLogs() as events:
            self.client.call("getUser", "moshez")
            self.client.refused("getRecord", "nobody")
            self.client.refused("getNothing")
            self.house.statuses.away = True
            self.client.refused("getUser", "moshez")
        expected = {"answered": 1, "not_found": 1, "refused": 1, "unavailable": 1}
        self.assertEqual(counted(self.house.requests), expected)
        self.assertEqual([event["finger_user"] for event in events], ["moshez", "nobody", "", "moshez"])

    def test_defect(self) -> None:
        """Should answering fail, the client gets a sentence that gives nothing away, and the operator the traceback."""
        self.patch(self.house.statuses, "get", lambda name: 1 / 0)
        self.assertEqual(
            self.client.refused("getUser", "moshez"), ("Defect", "Something went wrong here; it has been logged.")
        )
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)


class Copy(pb.Copyable):
    """Something that a client may want to send, and this server does not take."""
