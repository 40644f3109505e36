"""The pages: what people see in a browser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from urllib.parse import quote

from fingerpost.disclosure import FIELDS, Site
from fingerpost.interfaces import NewStatus
from fingerpost.model import Audience, Availability, Link, Person
from fingerpost.text import without_controls
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.kit import peer, said
from tests.web.browser import Browser

TEXTS = st.text(min_size=1, max_size=60).map(without_controls).filter(str.strip)
EVIL = '<script>alert("1")</script>&amp; \' </p> {{7*7}} javascript:x ${x}'


class PagesTestCase(SynchronousTestCase):
    """A site with moshez."""

    def setUp(self) -> None:
        self.browser = Browser()
        self.statuses = self.browser.statuses
        self.statuses.add(Person("moshez", full_name="Moshe Zadka", aliases=("moshe",)), "Happy and well")

    def set(self, login: str, status: NewStatus) -> None:
        self.browser.clock.advance(60)
        self.successResultOf(Deferred.fromCoroutine(self.statuses.set_status(login, status, peer(login))))


class ListTests(PagesTestCase):
    """The list at `/`."""

    def test_latest_first(self) -> None:
        """`/` lists people with what they say, the latest first, each with a link to their page."""
        self.set("ada", said("Writing"))
        reply = self.browser.get("/")
        self.assertEqual(reply.code, 200)
        self.assertEqual(reply.headers["content-type"], "text/html; charset=utf-8")
        self.assertEqual(reply.texts(".//*[@class='said']"), ["Writing", "Happy and well"])
        self.assertEqual(reply.texts(".//*[@class='name']"), ["ada", "Moshe Zadka"])
        self.assertEqual([href for href in reply.hrefs() if href != "/"][:2], ["/ada", "/moshez"])

    def test_nobody(self) -> None:
        """An empty store says so in words."""
        self.assertIn("Nobody has set a status yet.", Browser().get("/").text)

    def test_pages(self) -> None:
        """Each page links to the next one, and everybody is on exactly one of them."""
        browser = Browser(page_size=10)
        for number in range(25):
            browser.clock.advance(1)
            browser.statuses.add(Person(f"user{number}"), "here")
        seen: list[str] = []
        path = "/"
        while path:
            reply = browser.get(path)
            seen += reply.texts(".//*[@class='name']")
            path = next((a.get("href", "") for a in reply.page.iter("a") if a.get("rel") == "next"), "")
        self.assertEqual(seen, [f"user{number}" for number in reversed(range(25))])

    def test_wrong_cursor(self) -> None:
        """A page that can't be is a sentence, not a failure."""
        for cursor in ("nonsense", "2026-01-01/x", "2026-01-01T00:00:00/x"):
            reply = self.browser.get(f"/?after={cursor}")
            self.assertEqual(reply.code, 400)
            self.assertEqual(reply.texts(".//h1"), ["That was not understood"])

    def test_search(self) -> None:
        """Looking for a login or alias leads to the page; for a name, to everybody of that name."""
        self.statuses.add(Person("zadka2", full_name="Ann Zadka"), "Also here")
        reply = self.browser.get("/?q=MoSheZ")
        self.assertEqual((reply.code, reply.headers["location"]), (303, "/moshez"))
        reply = self.browser.get("/?q=zadka")
        self.assertEqual(reply.texts(".//*[@class='name']"), ["Moshe Zadka", "Ann Zadka"])
        reply = self.browser.get(f"/?q={quote(EVIL)}")
        self.assertEqual(reply.code, 200)
        self.assertIn("Nobody was found", reply.text)
        self.assertEqual(reply.page.find(".//input").get("value"), " ".join(EVIL.split()))


class PersonTests(PagesTestCase):
    """Somebody's page."""

    def test_status(self) -> None:
        """The page says who it is, what they say, since when, and where they said it."""
        until = datetime.fromtimestamp(self.browser.clock.seconds(), UTC) + timedelta(hours=2)
        self.set("moshez", NewStatus("At lunch", "irc", "🍜", Availability.AWAY, until))
        reply = self.browser.get("/moshez")
        self.assertEqual(reply.texts(".//h1"), ["Moshe Zadka"])
        self.assertEqual(reply.texts(".//*[@class='status']/*[@class='said']"), ["🍜 At lunch"])
        (about,) = reply.texts(".//*[@class='status']/*[@class='about']")
        self.assertEqual(about, "away, Sun 09 Sep 2001 01:47 UTC, until Sun 09 Sep 2001 03:46 UTC, via irc")

    def test_one_address(self) -> None:
        """An alias, and a login in other letters, lead to the one address of the person."""
        for name in ("moshe", "Moshez", "MOSHE"):
            reply = self.browser.get(f"/{name}")
            self.assertEqual((reply.code, reply.headers["location"]), (301, "/moshez"))

    def test_nobody(self) -> None:
        """Whoever is not known gets a 404 page in the same dress, whatever the address."""
        for path in ("/nobody", "/moshez/x", "/static/x", "/%00", "/%FF%FE", "/..", "/a%2Fb", "/rpc2", "/" + "x" * 500):
            reply = self.browser.get(path)
            self.assertEqual(reply.code, 404, path)
            self.assertIn("style.css", reply.text)

    def test_history(self) -> None:
        """What somebody said before is listed, without what they say now."""
        self.set("moshez", said("Busy"))
        self.set("moshez", said("Free"))
        reply = self.browser.get("/moshez")
        self.assertEqual(reply.texts(".//*[@class='history']//*[@class='said']"), ["Busy", "Happy and well"])

    def test_links(self) -> None:
        """A homepage and an email can be followed, and so can links; what is no address is only shown."""
        self.statuses.add(
            Person("ada", homepage="https://example.org/", email="a@example.org", links=(Link("me", "acct:ada@x"),))
        )
        reply = self.browser.get("/ada")
        self.assertEqual(reply.hrefs()[1:], ["mailto:a@example.org", "https://example.org/"])
        self.assertIn("acct:ada@x", reply.text)

    def test_no_code_in_links(self) -> None:
        """A link that would run code is never one, even if the store let it in."""
        self.statuses.add(Person("ada", homepage="javascript:alert(1)", links=(Link("me", "data:text/html,x"),)))
        self.assertEqual(self.browser.get("/ada").hrefs(), ["/"])

    def test_what_is_kept_back(self) -> None:
        """A field that is not for everybody is on no page, wherever it is asked from; the login and the name are."""
        texts = {name: f"secret-{name}!" for name in FIELDS if name not in {"links", "homepage", "timezone"}}
        ours: dict[str, Any] = {
            name: text for name, text in texts.items() if name not in {"status", "since", "via", "history"}
        }
        person = Person(
            "ada", full_name="Ada", homepage="https://secret-homepage!/", timezone="secret-timezone!", **ours
        )
        for kept, audience in product(FIELDS, (Audience.LOCAL, Audience.NOBODY)):
            browser = Browser()
            browser.statuses.site = Site(local=("0.0.0.0/0",), fields={"home_phone": Audience.WORLD, kept: audience})
            browser.statuses.add(person, "secret-history!", via="x")
            browser.clock.advance(60)
            status = NewStatus("secret-status!", "secret-via!")
            self.successResultOf(Deferred.fromCoroutine(browser.statuses.set_status("ada", status, peer("ada"))))
            text = browser.get("/ada").text + browser.get("/").text
            self.assertIn("Ada", text)
            shown = [name for name in FIELDS if f"secret-{name}!" in text]
            also = {"history"} if kept == "status" else set()  # which is of the same words
            self.assertEqual({*FIELDS} - {*shown, "since", "links"}, {kept, *also} - {"since", "links"}, kept)
            self.assertEqual("2001" in text, kept != "since")

    def test_words_kept_back(self) -> None:
        """Who keeps the words back, and not the time, is listed with the time; who keeps both back, is not listed."""
        self.keep_back(status=Audience.LOCAL)
        for path in ("/", "/moshez"):
            reply = self.browser.get(path)
            self.assertNotIn("Happy", reply.text)
            self.assertIn("Sun 09 Sep 2001 01:46 UTC", reply.text)
        self.assertEqual(reply.texts(".//*[@class='status']/*[@class='said']"), ["Status set"])
        self.keep_back(since=Audience.LOCAL, via=Audience.LOCAL)
        self.assertIn("Nobody has set a status yet.", self.browser.get("/").text)
        self.assertIn("No status.", self.browser.get("/moshez").text)

    def test_a_site_without_statuses(self) -> None:
        """A site that shows strangers no status does not say of anybody that there is none."""
        for site in (Site(fields={"status": Audience.LOCAL}), Site()):
            self.browser.statuses.site = site
            self.statuses.add(Person("ada"))
            self.assertEqual("No status." in self.browser.get("/ada").text, site == Site())
        browser = Browser()
        browser.statuses.site = Site(fields={"status": Audience.LOCAL})
        self.assertIn("There is nobody to list.", browser.get("/").text)

    def test_time_kept_back(self) -> None:
        """A time that is kept back is not in the address of the next page either, and everybody is on one of them."""
        browser = Browser(page_size=2)
        browser.statuses.site = Site(fields={"since": Audience.LOCAL})
        for number in range(7):
            browser.clock.advance(1)
            browser.statuses.add(Person(f"user{number}"), "here")
        seen: list[str] = []
        path = "/"
        while path:
            reply = browser.get(path)
            seen += reply.texts(".//*[@class='name']")
            path = next((a.get("href", "") for a in reply.page.iter("a") if a.get("rel") == "next"), "")
            self.assertNotIn("2001", reply.text + path)
        self.assertEqual(seen, [f"user{number}" for number in reversed(range(7))])

    def keep_back(self, **audiences: Audience) -> None:
        change = self.statuses.set_visibility("moshez", None, audiences, peer("moshez"))
        self.successResultOf(Deferred.fromCoroutine(change))


class TroubleTests(PagesTestCase):
    """What is shown when the store is away, or something is wrong."""

    def test_unavailable(self) -> None:
        """What can't be answered now is a 503 page that says when to come back."""
        self.statuses.away = True
        for path in ("/", "/moshez", "/?q=x"):
            reply = self.browser.get(path)
            self.assertEqual(reply.code, 503)
            self.assertEqual(reply.headers["retry-after"], "5")
            self.assertEqual(reply.texts(".//h1"), ["Temporarily unavailable"])

    def test_stale(self) -> None:
        """While the store is away, what is known is shown, with a line that says that it may be old."""
        self.assertNotIn("out of date", self.browser.get("/moshez").text)
        self.statuses.stale = True
        reply = self.browser.get("/moshez")
        self.assertEqual(reply.code, 200)
        self.assertIn("out of date", reply.text)

    def test_history_is_away(self) -> None:
        """A page whose history can't be had says so, and shows the rest."""

        async def away(name: str, before: object, limit: int) -> None:
            raise RuntimeError if name == "broken" else self.unavailable()

        self.patch(self.statuses, "history", away)
        reply = self.browser.get("/moshez")
        self.assertIn("Happy and well", reply.text)
        self.assertIn("The history is temporarily unavailable.", reply.text)
        self.statuses.site = Site(fields={"history": Audience.LOCAL})
        self.assertNotIn("temporarily unavailable", self.browser.get("/moshez").text)

    def unavailable(self) -> Exception:
        from fingerpost.errors import TemporarilyUnavailable

        return TemporarilyUnavailable()

    def test_a_defect(self) -> None:
        """A defect is a 500 page without a word of it, and is logged."""

        async def broken(name: str) -> None:
            raise ZeroDivisionError("secret")

        self.patch(self.statuses, "get", broken)
        reply = self.browser.get("/moshez")
        self.assertEqual(reply.code, 500)
        self.assertNotIn("secret", reply.text)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)


class HostileTests(SynchronousTestCase):
    """Names and statuses that want to be something else."""

    @given(TEXTS, TEXTS, TEXTS)
    def test_any_text(self, name: str, status: str, plan: str) -> None:
        """Whatever somebody says is shown as they said it, in a page that stays well formed."""
        browser = Browser()
        browser.statuses.add(Person("ada", full_name=name, plan=plan), status)
        page = browser.get("/ada")
        self.assertEqual(page.texts(".//h1"), [name.strip()])
        self.assertEqual(page.page.find(".//*[@class='said']").text, status)
        self.assertEqual(page.page.find(".//pre").text, plan)
        self.assertEqual(browser.get("/").page.find(".//*[@class='said']").text, status)

    def test_markup(self) -> None:
        """Markup in a name, a status or an address is text, and no page has a script."""
        browser = Browser()
        browser.statuses.add(Person("ada", full_name=EVIL, office=EVIL, plan=EVIL, homepage=f"https://x/{EVIL}"), EVIL)
        for path in ("/", "/ada"):
            reply = browser.get(path)
            self.assertEqual(list(reply.page.iter("script")), [])
            self.assertIn(EVIL, reply.texts(".//*[@class='said']"))

    @given(st.binary(max_size=60))
    def test_any_path(self, path: bytes) -> None:
        """No address makes the site fail."""
        reply = Browser().get(f"/{quote(path)}")
        self.assertIn(reply.code, {200, 400, 404, 405})
