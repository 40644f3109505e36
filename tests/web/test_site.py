"""HTTP: what every answer says, what a request may be, and how connections end."""

from __future__ import annotations

import re
from xmlrpc.client import dumps

from fingerpost.model import Person, Status
from fingerpost.ops.access import LogConfig
from fingerpost.ops.limits import Limits
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase

from tests.kit import counted
from tests.web.browser import Browser

GET = b"GET /moshez HTTP/1.1\r\nHost: x\r\n\r\n"


class SiteTestCase(SynchronousTestCase):
    """A site with moshez."""

    def setUp(self) -> None:
        self.browser = self.made()

    def made(self, **config: object) -> Browser:
        browser = Browser(**config)
        browser.statuses.add(Person("moshez"), "Happy and well")
        return browser


class AnswerTests(SiteTestCase):
    """Headers, methods and caches."""

    def test_headers(self) -> None:
        """Every answer keeps browsers from running, framing, guessing or leaking anything, and names no version."""
        for reply in (self.browser.get("/"), self.browser.get("/x"), self.browser.ask("POST", "/RPC2", b"<")):
            policy = reply.headers["content-security-policy"]
            self.assertIn("default-src 'none'", policy)
            self.assertIn("frame-ancestors 'none'", policy)
            self.assertEqual(reply.headers["x-content-type-options"], "nosniff")
            self.assertEqual(reply.headers["x-frame-options"], "DENY")
            self.assertEqual(reply.headers["referrer-policy"], "same-origin")
            self.assertEqual(reply.headers["server"], "Fingerpost")

    def test_not_modified(self) -> None:
        """Who has the page already gets 304 and no body, until somebody says something else."""
        etag = self.browser.get("/moshez").headers["etag"]
        for given_tag in (etag, f"W/{etag}", f'"other", {etag}', "*"):
            reply = self.browser.get("/moshez", If_None_Match=given_tag)
            self.assertEqual((reply.code, reply.body), (304, b""))
            self.assertEqual(reply.headers["etag"], etag)
        self.browser.statuses.add(Person("moshez"), "Busy")
        self.assertEqual(self.browser.get("/moshez", If_None_Match=etag).code, 200)

    def test_head(self) -> None:
        """HEAD tells the length, and sends nothing."""
        reply = self.browser.ask("HEAD", "/moshez")
        self.assertEqual(reply.code, 200)
        self.assertEqual(int(reply.headers["content-length"]), len(self.browser.get("/moshez").body))
        self.assertEqual(reply.body, b"")

    def test_other_methods(self) -> None:
        """What can't be done to a page is a 405 page that says what can."""
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "BREW"):
            reply = self.browser.ask(method, "/moshez")
            self.assertEqual((reply.code, reply.headers["allow"]), (405, "GET, HEAD"))
            self.assertIn("style.css", reply.text)

    def test_stylesheet(self) -> None:
        """The stylesheet and the icon are served with their types, and may be kept for a while."""
        for path, kind in (("style.css", "text/css; charset=utf-8"), ("icon.svg", "image/svg+xml")):
            reply = self.browser.get(f"/static/{path}")
            self.assertEqual((reply.code, reply.headers["content-type"]), (200, kind))
            self.assertEqual(reply.headers["cache-control"], "max-age=300")

    def test_whole_addresses(self) -> None:
        """An address with the host in it, as proxies are asked, is understood; each page has one address."""
        self.assertEqual(self.browser.get("http://example.org/moshez").code, 200)
        self.assertEqual(self.browser.get("http://example.org").code, 200)
        self.assertEqual(self.browser.get("/moshez/").code, 404)

    def test_a_client_that_has_said_all(self) -> None:
        """A client that closes its side behind its requests gets the answers, also those that take a while."""
        waiting: Deferred[list[Status]] = Deferred()

        async def history(name: str, before: object, limit: int) -> list[Status]:
            return await waiting

        self.patch(self.browser.statuses, "history", history)
        connection = self.browser.connect()
        connection.send(GET + GET)
        connection.protocol.readConnectionLost()
        self.assertFalse(connection.closed)
        waiting.callback([])
        self.assertEqual([reply.code for reply in connection.replies()], [200, 200])
        self.assertTrue(connection.closed)
        silent = self.browser.connect()
        silent.protocol.readConnectionLost()
        self.assertTrue(silent.closed)

    def test_several_requests(self) -> None:
        """One connection may ask again and again, and all at once; answers come in order."""
        connection = self.browser.connect()
        connection.send(GET + GET.replace(b"/moshez", b"/x") + GET)
        self.assertEqual([reply.code for reply in connection.replies()], [200, 404, 200])
        self.assertFalse(connection.closed)


class CountedTests(SiteTestCase):
    """What Prometheus and the access log are told."""

    def test_outcomes(self) -> None:
        """Each request is counted once, by what became of it; so is a fault, whose answer has code 200."""
        for path in ("/", "/moshez", "/nobody", "/?after=x"):
            self.browser.get(path)
        for name, method in (("moshez", "getUser"), ("nobody", "getRecord")):
            self.browser.ask("POST", "/RPC2", dumps((name,), method).encode())
        self.browser.statuses.away = True
        self.browser.get("/moshez")
        self.browser.ask("POST", "/RPC2", dumps(("moshez",), "getUser").encode())
        expected = {"answered": 3, "not_found": 2, "refused": 1, "unavailable": 2}
        self.assertEqual(counted(self.browser.requests), expected)

    def test_access_log(self) -> None:
        """Where an access log is kept, it says about whom was asked, on pages and over XML-RPC."""
        self.browser.requests.access.config = LogConfig(access=True, peers="network")
        with capturedLogs() as events:
            self.browser.get("/moshez")
            self.browser.ask("POST", "/RPC2", dumps(("nobody",), "getUser").encode())
        said = [(event["finger_user"], event["finger_peer"], event["finger_outcome"]) for event in events]
        self.assertEqual(said, [("moshez", "192.0.2.0/24", "answered"), ("nobody", "192.0.2.0/24", "answered")])


class LimitTests(SiteTestCase):
    """How much, how long, how often."""

    def test_large_bodies(self) -> None:
        """A body of more than 64 KiB is refused with 413, whether its length was said or it comes in chunks."""
        said = self.browser.connect()
        said.send(b"POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n")
        chunked = self.browser.connect()
        chunked.send(b"POST /RPC2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(20):
            chunked.send(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        whole = self.browser.connect()
        whole.send(b"POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n")
        whole.send(b"x" * 70_000 + GET)  # as it may still come over TLS
        for connection in (said, chunked, whole):
            self.assertEqual([reply.code for reply in connection.replies()], [413])
            self.assertTrue(connection.closed)
        self.assertEqual(counted(self.browser.requests), {"refused": 3})

    def test_a_request_that_trickles_in(self) -> None:
        """A request must be whole within 15 seconds of its first byte, however steadily it trickles in."""
        connection = self.browser.connect()
        for byte in GET[:-1]:
            if connection.closed:
                break
            connection.send(bytes([byte]))
            self.browser.clock.advance(1)
        self.assertTrue(connection.closed)
        self.assertEqual(connection.wire.value(), b"")

    def test_the_next_request_has_its_own_time(self) -> None:
        """A connection that asks every ten seconds stays open, and one that says nothing for 15 is closed."""
        connection = self.browser.connect()
        for _ in range(5):
            connection.send(GET)
            self.browser.clock.advance(10)
            self.assertFalse(connection.closed)
        self.browser.clock.advance(6)
        self.assertTrue(connection.closed)

    def test_a_client_that_does_not_read(self) -> None:
        """A connection that does not end when it should is cut off."""
        connection = self.browser.connect()
        self.browser.clock.advance(15)
        self.assertFalse(connection.wire.aborted)
        self.browser.clock.advance(15)
        self.assertTrue(connection.wire.aborted)

    def test_too_many_requests(self) -> None:
        """Who asks too often gets 429 until some time has passed; others are not concerned."""
        browser = self.made(limits=Limits(rate=1, burst=2, per_address=0, total=0))
        self.assertEqual([browser.get("/").code for _ in range(3)], [200, 200, 429])
        reply = browser.ask("POST", "/RPC2", b"")
        self.assertEqual((reply.code, reply.headers["retry-after"]), (429, "1"))
        other = browser.connect("192.0.2.2")
        other.send(GET)
        self.assertEqual(other.replies()[0].code, 200)
        browser.clock.advance(1)
        self.assertEqual(browser.get("/").code, 200)

    def test_many_requests_at_once(self) -> None:
        """Of many requests in one piece, those that are too many are not looked at: one is refused, and that is all."""
        connection = self.made(limits=Limits(rate=1, burst=2, per_address=0, total=0)).connect()
        connection.send(GET * 1000)
        self.assertEqual([reply.code for reply in connection.replies()], [200, 200, 429])
        self.assertTrue(connection.closed)

    def test_lengths_that_are_no_numbers(self) -> None:
        """A length of thousands of digits, or headers that never end, are refused with a code."""
        for head, code in (
            (b"POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 5000, 400),
            (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 20_000, 431),
        ):
            connection = self.browser.connect()
            connection.send(head + b"\r\n\r\n")
            self.assertEqual([reply.code for reply in connection.replies()], [code])
            self.assertTrue(connection.closed)

    def test_refused_before_it_was_sent(self) -> None:
        """A client that asks whether it may send a body that is too large hears only that it may not."""
        connection = self.browser.connect()
        connection.send(b"POST /RPC2 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99999\r\n\r\n")
        self.assertEqual([reply.code for reply in connection.replies()], [413])

    def test_too_many_connections(self) -> None:
        """One address holds so many connections and no more."""
        browser = self.made(limits=Limits(rate=0, per_address=2, total=0))
        kept = [browser.connect(), browser.connect()]
        self.assertIsNone(browser.connect().protocol)
        kept[0].lose()
        self.assertIsNotNone(browser.connect().protocol)

    @given(st.lists(st.one_of(st.binary(max_size=200), st.just(GET), st.just(b"\r\n")), max_size=10))
    def test_any_bytes(self, pieces: list[bytes]) -> None:
        """No bytes make the site fail: they get an answer, or the connection ends."""
        connection = self.made().connect()
        for piece in pieces:
            if connection.closed:
                break
            connection.send(piece)
        for line in re.findall(rb"^HTTP/1\.1 (\d+)", connection.wire.value(), re.MULTILINE):
            self.assertIn(int(line), {100, 200, 400, 404, 405, 413, 501})
        connection.lose()


class DrainTests(SiteTestCase):
    """When the service stops."""

    def test_idle_connections_end(self) -> None:
        """A connection that was answered may ask once more for a second, and is then closed."""
        idle, asking = self.browser.connect(), self.browser.connect()
        for connection in (idle, asking):
            connection.send(GET)
        drained = self.browser.guard.drain(10)
        asking.send(GET)
        self.assertEqual(asking.replies()[1].headers["connection"], "close")
        self.assertTrue(asking.closed)
        asking.lose()
        self.browser.clock.advance(1)
        connection = idle
        self.assertTrue(connection.closed)
        connection.lose()
        self.successResultOf(drained)

    def test_a_request_that_is_on_its_way(self) -> None:
        """Who has just connected, or is in the middle of a request, is answered, told that that is all, and closed."""
        new, half = self.browser.connect(), self.browser.connect()
        half.send(GET[:20])
        drained = self.browser.guard.drain(10)
        self.assertFalse(new.closed or half.closed)
        new.send(GET)
        half.send(GET[20:])
        for connection in (new, half):
            (reply,) = connection.replies()
            self.assertEqual((reply.code, reply.headers["connection"]), (200, "close"))
            self.assertTrue(connection.closed)
            connection.lose()
        self.successResultOf(drained)

    def test_who_never_asks(self) -> None:
        """A connection on which nothing was ever asked is closed a second later."""
        connection = self.browser.connect()
        drained = self.browser.guard.drain(10)
        self.browser.clock.advance(1)
        self.assertTrue(connection.closed)
        connection.lose()
        self.successResultOf(drained)
