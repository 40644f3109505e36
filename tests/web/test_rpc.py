"""XML-RPC, as Python's own client speaks it."""

from __future__ import annotations

from typing import Any
from xmlrpc.client import Fault, dumps, loads

from fingerpost.disclosure import Site
from fingerpost.model import Audience, Link, Person
from fingerpost.text import without_controls
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.kit import peer
from tests.web.browser import Browser

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


class RPCTests(SynchronousTestCase):
    """`/RPC2`."""

    def setUp(self) -> None:
        self.browser = Browser()
        self.browser.statuses.add(Person("moshez", full_name="Moshe Zadka", aliases=("moshe",)), "Happy and well")
        self.browser.statuses.add(Person("shawn"))

    def call(self, method: str, *arguments: Any) -> Any:
        body = dumps(arguments, method, allow_none=True).encode()
        reply = self.browser.ask("POST", "/RPC2", body, Content_Type="text/xml")
        self.assertEqual((reply.code, reply.headers["content-type"]), (200, "text/xml; charset=utf-8"))
        (found,), _ = loads(reply.body)
        return found

    def fault(self, method: str, *arguments: Any) -> tuple[int, str]:
        fault: Any = self.assertRaises(Fault, self.call, method, *arguments)
        return fault.faultCode, fault.faultString

    def test_the_tutorials_methods(self) -> None:
        """`getUser` answers with the status or "No such user", and `getUsers` with the logins, as in the tutorial."""
        self.assertEqual(self.call("getUser", "moshez"), "Happy and well")
        self.assertEqual(self.call("getUser", "Moshe"), "Happy and well")
        self.assertEqual(self.call("getUser", "nobody"), "No such user")
        self.assertEqual(self.call("getUser", "shawn"), "No status.")
        self.assertEqual(self.call("getUsers"), ["moshez"])

    def test_record(self) -> None:
        """`getRecord` tells what the pages show, times in ISO 8601; nobody is a fault."""
        record = self.call("getRecord", "moshez")
        self.assertEqual(record["name"], "Moshe Zadka")
        self.assertEqual(record["since"], "2001-09-09T01:46:40Z")
        self.assertEqual(self.fault("getRecord", "nobody"), (404, "No such user."))

    def test_what_is_kept_back(self) -> None:
        """What a site keeps back is in no answer, also what it shows on its own networks."""
        self.browser = Browser()
        self.browser.statuses.site = Site(local=("0.0.0.0/0",), default=Audience.LOCAL)
        texts: dict[str, Any] = {
            "office": "secret",
            "plan": "secret",
            "homepage": "secret",
            "timezone": "secret",
            "pubkey": "secret",
        }
        self.browser.statuses.add(Person("ada", links=(Link("me", "secret"),), **texts), "secret")
        self.assertEqual(self.call("getRecord", "ada"), {"login": "ada", "name": "ada"})
        self.assertEqual(self.call("getUser", "ada"), "No status.")
        self.assertEqual(self.call("getUsers"), [])

    def test_words_kept_back(self) -> None:
        """Who keeps the words back has no status, also where the time is shown."""
        change = self.browser.statuses.set_visibility("moshez", None, {"status": Audience.NOBODY}, peer("moshez"))
        self.successResultOf(Deferred.fromCoroutine(change))
        self.assertEqual(self.call("getUser", "moshez"), "No status.")
        self.assertEqual(self.call("getUsers"), [])
        expected = {"login": "moshez", "name": "Moshe Zadka", "since": "2001-09-09T01:46:40Z", "via": "file"}
        self.assertEqual(self.call("getRecord", "moshez"), expected)

    def test_many_users(self) -> None:
        """`getUsers` tells everybody, over more than one page of the store, up to `users_limit`."""
        for limit, expected in ((10_000, 2500), (1200, 1200)):
            self.browser = Browser(users_limit=limit)
            for number in range(2500):
                self.browser.statuses.add(Person(f"user{number}"), "here")
            self.assertEqual(len({*self.call("getUsers")}), expected)

    def test_introspection(self) -> None:
        """A client can ask which methods there are, what they take, and what they do."""
        self.assertTrue({"getUser", "getUsers", "getRecord"} <= {*self.call("system.listMethods")})
        self.assertEqual(self.call("system.methodSignature", "getUser"), [["string", "string"]])
        self.assertIn("No such user", self.call("system.methodHelp", "getUser"))

    def test_unavailable(self) -> None:
        """While the store is away, and nothing is known, the fault is 503 with a sentence."""
        self.browser.statuses.away = True
        code, sentence = self.fault("getUser", "moshez")
        self.assertEqual(code, 503)
        self.assertIn("temporarily unavailable", sentence)

    def test_wrong_calls(self) -> None:
        """A call that can't be is a fault that says why."""
        for method, arguments, words in (
            ("getUser", (), "missing a required argument: 'name'"),
            ("getUser", ("a", "b"), "too many positional arguments"),
            ("getUser", (5,), "every argument is a string"),
            ("system.methodHelp", ([],), "every argument is a string"),
        ):
            self.assertEqual(self.fault(method, *arguments)[0], 400)
            self.assertIn(words, self.fault(method, *arguments)[1])
        self.assertIn("not found", self.fault("getuser", "x")[1])

    def test_get(self) -> None:
        """A browser that opens `/RPC2` is told that it takes POST."""
        reply = self.browser.get("/RPC2")
        self.assertEqual((reply.code, reply.headers["allow"]), (405, "POST"))

    @given(st.text(max_size=20), st.lists(VALUES, max_size=3))
    def test_any_call(self, method: str, arguments: list[Any]) -> None:
        """Whatever is called with whatever, the answer is XML-RPC."""
        try:
            self.call(without_controls(method), *arguments)
        except Fault:
            pass
        except Exception as error:  # expat, where the call itself was no XML
            self.assertNotIn("Fingerpost", str(error))

    @given(st.binary(max_size=300))
    def test_any_body(self, body: bytes) -> None:
        """A body that is no call is a fault."""
        reply = self.browser.ask("POST", "/RPC2", body)
        self.assertRaises(Fault, loads, reply.body)

    def test_a_response_as_a_call(self) -> None:
        """A message that names no method is a fault."""
        reply = self.browser.ask("POST", "/RPC2", dumps(("x",), methodresponse=True).encode())
        self.assertRaises(Fault, loads, reply.body)
