"""Who may see what: what a site and a person say, what is left of a record by it, and how that is explained."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from attrs import evolve
from fingerpost.codec import dump, load
from fingerpost.disclosure import (
    FIELDS,
    UNKNOWN,
    Site,
    Visibility,
    check_audiences,
    disclosed,
    disclosed_status,
    public,
    seen,
)
from fingerpost.errors import NotAccepted
from fingerpost.explanation import explanation
from fingerpost.fields import shown
from fingerpost.model import Audience, Availability, Link, Person, Record, Status
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TEXTS = ("office", "office_phone", "home_phone", "email", "homepage", "timezone", "project", "plan", "pubkey")
SECRETS: dict[str, Any] = {name: f"secret-{name}!" for name in TEXTS}
ADA = Record(
    Person("ada", full_name="Ada", links=(Link("me", "secret-links"),), **SECRETS),
    Status("secret-status", NOW, "secret-via", "\N{HOT BEVERAGE}", Availability.BUSY, datetime(2027, 1, 1, tzinfo=UTC)),
)
AUDIENCES = st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(Audience))
SITES = st.builds(Site, default=st.sampled_from(Audience), fields=AUDIENCES)
SAID = st.builds(Visibility, hidden=st.booleans(), audiences=AUDIENCES)
RECORDS = st.builds(
    Record,
    st.builds(
        Person,
        st.just("ada"),
        links=st.sampled_from(((), (Link("me", "x"),))),
        **{name: st.sampled_from(("", "x")) for name in TEXTS},
    ),
    st.sampled_from((None, Status("Here", NOW, "web"), ADA.status)),
)
FRONTENDS = st.sampled_from((Audience.WORLD, Audience.LOCAL))


class SiteTests(SynchronousTestCase):
    """What a site says."""

    def test_defaults(self) -> None:
        """Everything is for everybody, but for the private phone number, which is for nobody."""
        kept_back = {name for name in FIELDS if not Site().shows(name, Audience.WORLD)}
        self.assertEqual(kept_back, {"home_phone"})
        self.assertFalse(Site().shows("home_phone", Audience.MEMBER))

    def test_narrower_or_wider(self) -> None:
        """A site's default is for every field that it does not name, but for the private phone number."""
        site = Site(default=Audience.MEMBER, fields={"office": Audience.WORLD})
        self.assertEqual(site.keeps_back(Audience.WORLD), {*FIELDS} - {"office"})
        self.assertEqual(site.keeps_back(Audience.MEMBER), {"home_phone"})
        self.assertEqual(Site(default=Audience.NOBODY).keeps_back(Audience.MEMBER), {*FIELDS})
        self.assertTrue(Site(fields={"home_phone": Audience.LOCAL}).shows("home_phone", Audience.LOCAL))

    @given(st.sampled_from(Audience), st.sampled_from(Audience))
    def test_includes(self, audience: Audience, asker: Audience) -> None:
        """What is for some is for whoever proves more, and what is for nobody is for none of them."""
        order = list(Audience)
        expected = audience is not Audience.NOBODY and order.index(asker) >= order.index(audience)
        self.assertEqual(audience.includes(asker), expected)
        self.assertEqual(Site(default=audience).shows("plan", asker), expected)

    def test_askers(self) -> None:
        """Who asks from one of the networks, or from this machine, is local; whatever is no address is not."""
        site = Site(local=("192.0.2.0/24", "2001:db8::/32"))
        for host in ("192.0.2.9", "::ffff:192.0.2.9", "2001:db8::9", "2001:db8::9%eth0", ""):
            self.assertEqual(site.asker(host), Audience.LOCAL, host)
        for host in ("127.0.0.1", "192.0.3.1", "::1", "2001:db9::", "localhost", "x"):
            self.assertEqual(site.asker(host), Audience.WORLD, host)
        self.assertEqual([Site().asker(host) for host in ("127.9.9.9", "::1")], [Audience.LOCAL] * 2)

    def test_what_is_wrong(self) -> None:
        """A network that is none, and a field that there is not, are refused in words."""
        for network in ("192.0.2.1/24", "localhost", "1.2.3.4/33", ""):
            self.assertIn("is no network such as", str(self.assertRaises(ValueError, Site, local=(network,))))
        wrong = self.assertRaises(ValueError, Site, fields={"shoe_size": Audience.WORLD})
        self.assertIn("'shoe_size' is none of the fields status, since", str(wrong))

    @given(SITES)
    def test_travels(self, site: Site) -> None:
        """A site is the same behind the socket."""
        self.assertEqual(load(dump(site), Site), site)


class VisibilityTests(SynchronousTestCase):
    """What a person says."""

    def test_before_the_site(self) -> None:
        """What a person says goes before what the site says, to either side; the rest is the site's."""
        site = Site(default=Audience.LOCAL)
        said = Visibility(audiences={"plan": Audience.WORLD, "office": Audience.NOBODY})
        self.assertEqual(said.keeps_back(site, Audience.WORLD), {*FIELDS} - {"plan"})
        self.assertEqual(said.keeps_back(site, Audience.LOCAL), {"office", "home_phone"})
        self.assertEqual([said.audience(name, site) for name in ("plan", "email")], [Audience.WORLD, Audience.LOCAL])

    def test_changed(self) -> None:
        """What is not mentioned stays, and an audience of None is the site's again."""
        said = Visibility().changed(True, {"plan": Audience.NOBODY, "office": Audience.LOCAL})
        self.assertEqual(said.changed(None, {"plan": None}), Visibility(True, {"office": Audience.LOCAL}))
        self.assertEqual(said.changed(False, {}), Visibility(False, said.audiences))

    def test_check(self) -> None:
        """Fields and audiences that there are not are refused by their names."""
        self.assertEqual(check_audiences({"plan": "local", "via": None}), {"plan": Audience.LOCAL, "via": None})
        for given_, words in (({"shoe": "world"}, "shoe: this is none of"), ({"plan": "me"}, "plan: 'me' is none of")):
            self.assertIn(words, str(self.assertRaises(NotAccepted, check_audiences, given_)))


class RecordTests(SynchronousTestCase):
    """What is left of a record."""

    @given(RECORDS, SAID, SITES, FRONTENDS)
    def test_through_a_frontend(self, record: Record, said: Visibility, site: Site, asker: Audience) -> None:
        """What a frontend shows of what it has is what the store discloses to the same asker."""
        there = public(record, said, site)
        expected = disclosed(record, said, site, asker)
        if there is None or expected is None:
            self.assertIs(there, expected)
        else:
            self.assertEqual(evolve(seen(there, asker), local=()), expected)

    @given(SAID, SITES)
    def test_nowhere(self, said: Visibility, site: Site) -> None:
        """What is for members or nobody is nowhere in what a frontend has, and a hidden person is not there at all."""
        there = public(ADA, said, site)
        data = b"" if there is None else dump(there)
        self.assertEqual(there is None, said.hidden)
        for name in FIELDS:
            if not said.audience(name, site).includes(Audience.LOCAL):
                self.assertNotIn(
                    f'secret-{name}"'.encode() if name in {"status", "via", "links"} else f"secret-{name}!".encode(),
                    data,
                )
                self.assertTrue(there is None or name not in there.local)
        if not said.audience("status", site).includes(Audience.LOCAL):
            self.assertFalse(any(word in data for word in (b"busy", b"expires_at", b"emoji")))
        if not said.audience("since", site).includes(Audience.LOCAL):
            self.assertNotIn(b"2026", data)

    def test_parts_of_a_status(self) -> None:
        """A status without its words is a time and an origin; when all three are kept back there is none."""
        for kept_back, expected in (
            ({"status"}, Status("", NOW, "secret-via")),
            ({"status", "via"}, Status("", NOW, "")),
            ({"status", "since"}, Status("", UNKNOWN, "secret-via")),
            ({"status", "since", "via"}, None),
        ):
            site = Site(fields=dict.fromkeys(kept_back, Audience.NOBODY))
            found = public(ADA, Visibility(), site)
            assert found is not None
            self.assertEqual(found.status, expected)
            self.assertEqual(found.local, ())

    def test_nothing_said(self) -> None:
        """Where everything that there is is for everybody, a record is what it was."""
        record = Record(Person("ada", plan="x"), ADA.status)
        self.assertIs(public(record, Visibility(), Site()), record)

    @given(SAID, SITES, FRONTENDS)
    def test_past_statuses(self, said: Visibility, site: Site, asker: Audience) -> None:
        """A past status is shown to those who are shown both the status and the history, without what they are not."""
        assert ADA.status is not None
        found = disclosed_status(ADA.status, said, site, asker)
        kept_back = said.keeps_back(site, asker)
        if said.hidden or {"status", "history"} & kept_back:
            self.assertIsNone(found)
        else:
            assert found is not None
            self.assertEqual(found.text, ADA.status.text)
            self.assertEqual((found.set_at == UNKNOWN, found.via == ""), ("since" in kept_back, "via" in kept_back))

    def test_past_statuses_of_somebody_silent(self) -> None:
        """A frontend knows what to keep back of past statuses, also while there is none now."""
        said = Visibility(audiences={"since": Audience.LOCAL, "history": Audience.LOCAL, "office": Audience.LOCAL})
        found = public(Record(Person("ada")), said, Site())
        self.assertEqual(found, Record(Person("ada"), None, ("since", "history")))


class ExplanationTests(SynchronousTestCase):
    """What is said of who sees what."""

    @given(RECORDS, SAID, SITES, st.sampled_from((Audience.WORLD, Audience.LOCAL, Audience.MEMBER)))
    def test_agrees(self, record: Record, said: Visibility, site: Site, asker: Audience) -> None:
        """What is explained to be shown is what is disclosed, with its value; and it is said who says so."""
        explained = explanation(record, said, site, asker)
        self.assertEqual([each.field for each in explained.fields], [*FIELDS])
        left = disclosed(record, said, site, asker)
        values = {} if left is None else shown(left)
        for each in explained.fields:
            self.assertEqual(each.said_by, "person" if each.field in said.audiences else "site")
            self.assertEqual(each.audience, said.audience(each.field, site))
            if each.field not in {"links", "history"}:
                self.assertEqual(values.get(each.field, ""), each.value if each.shown else "")

    def test_history(self) -> None:
        """The history is shown to nobody who is not shown the status: its words are those of past ones."""
        for field in ("status", "history"):
            explained = explanation(ADA, Visibility(audiences={field: Audience.LOCAL}), Site(), Audience.WORLD)
            self.assertFalse(next(each.shown for each in explained.fields if each.field == "history"))

    def test_hidden(self) -> None:
        """Of somebody hidden nothing is shown, and what there would be is told to whoever may ask."""
        explained = explanation(ADA, Visibility(hidden=True), Site(), Audience.MEMBER)
        self.assertTrue(explained.hidden)
        self.assertFalse(any(each.shown for each in explained.fields))
        self.assertEqual({each.field: each.value for each in explained.fields}["links"], "secret-links")

    @given(SAID, SITES)
    def test_travels(self, said: Visibility, site: Site) -> None:
        """An explanation is the same behind the socket."""
        explained = explanation(ADA, said, site, Audience.WORLD)
        self.assertEqual(load(dump(explained), type(explained)), explained)
