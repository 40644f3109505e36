"""Who is shown what: what finger sends against what the store explains, and people who do not want to be found."""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any

from fingerpost.disclosure import FIELDS, Site
from fingerpost.explanation import Explanation
from fingerpost.interfaces import NewStatus
from fingerpost.model import Audience, Link, Person
from fingerpost.testing import MemoryStatuses
from fingerpost_finger.answers import Answers
from fingerpost_finger.policy import Policy
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.kit import peer

HOSTS = {Audience.WORLD: "192.0.2.1", Audience.LOCAL: "127.0.0.1"}
ADA = Person(
    "ada",
    aliases=("countess",),
    full_name="Ada King",
    office="the-office",
    office_phone="the-office-phone",
    home_phone="the-home-phone",
    email="the@email",
    homepage="https://homepage/",
    project="the-project",
    plan="the-plan",
    pubkey="the-pubkey",
    links=(Link("me", "https://link/"),),
    timezone="Asia/Jerusalem",
)
# What finger shows of each field: each text is nowhere else.
TEXTS = {
    "status": "the-status", "since": "01 Jan 2026 00:01", "via": "the-via", "history": "the-history",
    "office": "the-office\n", "office_phone": "the-office-phone", "home_phone": "the-home-phone", "email": "the@email",
    "homepage": "https://homepage/", "timezone": "Asia/Jerusalem", "links": "https://link/", "project": "the-project",
    "plan": "the-plan", "pubkey": "the-pubkey",
}  # fmt: skip
AUDIENCES = st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(Audience))
SITES = st.builds(Site, default=st.sampled_from(Audience), fields=AUDIENCES)
ASKERS = st.sampled_from(sorted(HOSTS))


class DisclosingTestCase(SynchronousTestCase):
    """Ada, who has something in every field, and Grace."""

    def start(self, site: Site | None = None) -> None:
        self.clock = Clock()
        self.clock.advance(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
        self.statuses = MemoryStatuses(self.clock)
        self.statuses.site = site or Site()
        self.statuses.add(ADA, "the-history")
        self.statuses.add(Person("grace", full_name="Grace Hopper"), "At sea")
        self.clock.advance(60)
        self.result(self.statuses.set_status("ada", NewStatus("the-status", "the-via"), peer("ada")))
        columns = ("status", "since", "office", "office_phone")
        self.answers = Answers(self.statuses, Policy(show_in_list=columns))

    def result(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.successResultOf(Deferred.fromCoroutine(work))

    def hide(self, hidden: bool) -> None:
        self.result(self.statuses.set_visibility("ada", hidden, {}, peer("ada")))

    def say(self, **audiences: Audience) -> None:
        self.result(self.statuses.set_visibility("ada", None, audiences, peer("ada")))

    def ask(self, line: bytes, asker: Audience) -> str:
        body: bytes = self.result(self.answers.answer(line, HOSTS[asker])).body
        return body.decode().replace("\r\n", "\n")


class DisclosureTests(DisclosingTestCase):
    """What a site and a person say."""

    @given(SITES, AUDIENCES, ASKERS)
    def test_as_explained(self, site: Site, said: dict[str, Audience], asker: Audience) -> None:
        """Finger shows, field by field, what the store explains to be shown, and nothing of what is kept back."""
        self.start(site)
        self.say(**said)
        explained: Explanation = self.result(self.statuses.explain("ada", asker, peer("ada")))
        answer = self.ask(b"/W ada", asker)
        assert {field.field for field in explained.fields if field.shown} == {
            name for name, text in TEXTS.items() if text in answer
        }
        whatever = [self.ask(line, asker) for line in (b"ada", b"", b"/W", b"king", b"/W countess grace")]
        for field in explained.fields:
            assert field.shown or not any(TEXTS[field.field] in each for each in (answer, *whatever)), field.field

    @given(SITES, AUDIENCES, ASKERS, st.sets(st.sampled_from(("status", "since", "office", "office_phone"))))
    def test_the_list_shows_no_more_than_the_person(
        self, site: Site, said: dict[str, Audience], asker: Audience, columns: set[str]
    ) -> None:
        """Whatever is said, what {C} shows of somebody is also shown by {U} (§2.5.2)."""
        self.start(site)
        self.say(**said)
        self.answers.policy = Policy(show_in_list=tuple(columns))
        listed, single = self.ask(b"/W", asker), self.ask(b"ada", asker)
        for text in ("the-status", "01 Jan 2026 00:01", "the-office", "the-office-phone"):
            assert text not in listed or text in single

    def test_words_kept_back(self) -> None:
        """Who keeps the words back, and not the time, has the time shown; who keeps both back, has no status."""
        self.start()
        self.say(status=Audience.NOBODY)
        about = "Status set: since Thu 01 Jan 2026 00:01 UTC, via the-via\n"
        self.assertIn(about, self.ask(b"ada", Audience.WORLD))
        self.say(since=Audience.LOCAL, via=Audience.LOCAL)
        self.assertIn("Name: Ada King\nNo status.\nOffice", self.ask(b"ada", Audience.WORLD))
        self.assertIn(about, self.ask(b"ada", Audience.LOCAL))

    def test_past_statuses_of_somebody_silent(self) -> None:
        """What is kept from strangers of the status is kept of past ones, also while there is none."""
        self.start()
        self.say(status=Audience.LOCAL)
        self.result(self.statuses.clear_status("ada", peer("ada")))
        self.assertNotIn("the-history", self.ask(b"/W ada", Audience.WORLD))
        self.assertIn("the-history", self.ask(b"/W ada", Audience.LOCAL))

    def test_as_the_site_says_now(self) -> None:
        """What a site newly says is heeded at once where finger itself says that there is nothing."""
        self.start()
        self.assertIn("No Plan.\n", self.ask(b"/W grace", Audience.WORLD))
        self.statuses.site = Site(fields={"plan": Audience.LOCAL})
        self.assertNotIn("No Plan.\n", self.ask(b"/W grace", Audience.WORLD))
        self.assertIn("No Plan.\n", self.ask(b"/W grace", Audience.LOCAL))


class HiddenTests(DisclosingTestCase):
    """Somebody who is hidden."""

    def test_like_nobody(self) -> None:
        """A hidden person is like one who does not exist, to the byte, in every form of query."""
        lines = (b"ada", b"/W ada", b"ADA", b"countess", b"king", b"/W ada king", b"ada grace", b"/W grace,ada",
                 b"hopper", b"", b"/W")  # fmt: skip
        for asker in HOSTS:
            self.start()
            before = [self.ask(line, asker) for line in lines]
            self.hide(True)
            hidden = [self.ask(line, asker) for line in lines]
            self.statuses = MemoryStatuses(self.clock)
            self.clock.advance(-60)
            self.statuses.add(Person("grace", full_name="Grace Hopper"), "At sea")
            self.answers = Answers(self.statuses, self.answers.policy)
            self.assertEqual(hidden, [self.ask(line, asker) for line in lines])
            self.assertTrue(all("ada: no such user." in each for each in (hidden[0], hidden[1], hidden[6])))
            self.assertFalse(set(before[:5]) & set(hidden))

    def test_shown_again(self) -> None:
        """Whoever is no longer hidden is shown as before."""
        self.start()
        before = self.ask(b"/W ada", Audience.WORLD)
        self.hide(True)
        self.hide(False)
        self.assertEqual(self.ask(b"/W ada", Audience.WORLD), before)
