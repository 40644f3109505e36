"""What finger answers, against RFC 1288."""

from __future__ import annotations

from typing import Any

from fingerpost.disclosure import Site
from fingerpost.errors import TemporarilyUnavailable
from fingerpost.model import Audience, Link, Person
from fingerpost.testing import MemoryStatuses
from fingerpost_finger.answers import Answers
from fingerpost_finger.policy import Policy
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

MOSHEZ = Person(
    "moshez",
    aliases=("moshe",),
    full_name="Moshe Zadka",
    office="Room 1",
    office_phone="555-1",
    home_phone="555-2",
    email="moshez@example.org",
    homepage="https://example.org/~moshez",
    project="Finger",
    plan="One\n\tTwo",
    pubkey="ssh-ed25519 AAAA",
    links=(Link("me", "https://example.org/@moshez"),),
    timezone="Asia/Jerusalem",
)


class AnswersContract(SynchronousTestCase):
    """Some people, and a way to ask about them."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1_767_225_600)  # 2026-01-01 00:00 UTC
        self.statuses = MemoryStatuses(self.clock)
        self.statuses.add(MOSHEZ, "Happy and well")
        self.clock.advance(60)
        self.statuses.add(Person("shawn", full_name="Shawn Smith"), "Alive")
        self.statuses.add(Person("sam", full_name="Sam Smith"))
        self.answers = Answers(self.statuses, Policy())

    def ask(self, line: bytes, host: str = "192.0.2.1", **policy: Any) -> str:
        """The answer to a line from an address, which is checked for RFC 1288 §2.2."""
        if policy:
            self.answers.policy = Policy(**policy)
        answer = self.successResultOf(Deferred.fromCoroutine(self.answers.answer(line, host))).body
        self.assertEqual(answer.count(b"\n"), answer.count(b"\r\n"))
        self.assertEqual(answer.count(b"\r"), answer.count(b"\r\n"))
        self.assertTrue(answer.endswith(b"\r\n"))
        return answer.decode().replace("\r\n", "\n")


class PersonTests(AnswersContract):
    """{U}."""

    def test_single(self) -> None:
        """A person is shown with the full name, the status, since when, and what may be shown else."""
        self.assertEqual(
            self.ask(b"moshez"),
            "Login: moshez                           Name: Moshe Zadka\n"
            "Status: Happy and well\n"
            "  since Thu 01 Jan 2026 00:00 UTC, via file\n"
            "Office: Room 1\n"
            "Office phone: 555-1\n"
            "Email: moshez@example.org\n"
            "Homepage: https://example.org/~moshez\n"
            "Time zone: Asia/Jerusalem\n"
            "Link: https://example.org/@moshez\n",
        )

    def test_verbose(self) -> None:
        """/W adds project, plan, public key and history."""
        self.assertIn(
            "Project: Finger\nPlan:\nOne\n        Two\nPublic key:\nssh-ed25519 AAAA\n", self.ask(b"/W moshez")
        )
        self.assertIn("No Plan.\n", self.ask(b"/W shawn"))

    def test_verbose_history(self) -> None:
        """/W shows what was said before, the latest first."""
        from fingerpost.interfaces import NewStatus, Proof

        self.clock.advance(60)
        new = NewStatus("Busy", "cli")
        self.successResultOf(Deferred.fromCoroutine(self.statuses.set_status("shawn", new, Proof("peer", "shawn"))))
        self.assertIn("History:\n  Thu 01 Jan 2026 00:02 UTC  Busy\n", self.ask(b"/W shawn"))

    def test_names(self) -> None:
        """A login is found in any case, and so is an alias."""
        self.assertEqual(self.ask(b"MOSHEZ"), self.ask(b"moshez"))
        self.assertEqual(self.ask(b"Moshe"), self.ask(b"moshez"))

    def test_without_full_name(self) -> None:
        """Somebody who gave no name is shown with the login in its place: §2.5.2 wants a name."""
        self.statuses.add(Person("anon"), "here")
        self.assertIn("Name: anon\n", self.ask(b"anon"))

    def test_unknown(self) -> None:
        """Somebody unknown is said to be so, in the words of the query made harmless and short."""
        self.assertEqual(self.ask(b"nosuch"), "nosuch: no such user.\n")
        self.assertEqual(self.ask(b"\x1b[2J"), "\ufffd[2J: no such user.\n")
        self.assertEqual(self.ask(b"x" * 500), f"{'x' * 64}...: no such user.\n")

    def test_ambiguous(self) -> None:
        """A name that several people have lists them; with the switch off, it is nobody's."""
        answer = self.ask(b"smith")
        self.assertIn("smith may be any of these:\n", answer)
        self.assertIn("sam ", answer)
        self.assertIn("shawn ", answer)
        self.assertEqual(self.ask(b"smith", ambiguous=False), "smith: no such user.\n")
        self.assertEqual(self.ask(b"Zadka", ambiguous=False), "Zadka: no such user.\n")

    def test_several(self) -> None:
        """Several names are answered one after the other, but not endlessly many."""
        answer = self.ask(b"moshez,nosuch shawn")
        self.assertLess(answer.index("Moshe Zadka"), answer.index("nosuch: no such user."))
        self.assertIn("Shawn", answer)
        self.assertIn("at most 20", self.ask(b" ".join(b"u%d" % n for n in range(21))))

    def test_probes(self) -> None:
        """What scanners send gets a plain answer: a name is never a pattern, a number or an option."""
        for probe in (b"0", b".", b"**", b"*", b"-s", b"-x", b"%", b"a'b", b"../etc"):
            self.assertEqual(self.ask(probe), f"{probe.decode()}: no such user.\n")


class ListTests(AnswersContract):
    """{C}."""

    def test_list(self) -> None:
        """Those who have a status are listed, the latest first, with login, full name, status and since when."""
        self.assertEqual(
            self.ask(b""),
            "Login   Name         Status          Since (UTC)\n"
            "shawn   Shawn Smith  Alive           01 Jan 2026 00:01\n"
            "moshez  Moshe Zadka  Happy and well  01 Jan 2026 00:00\n",
        )

    def test_switched_off(self) -> None:
        """The list can be switched off by itself, and is then refused in the RFC's words."""
        for line in (b"", b"/W"):
            self.assertEqual(self.ask(line, list=False), "Finger online user list denied.\n")
        self.assertIn("Moshe Zadka", self.ask(b"moshez"))

    def test_verbose(self) -> None:
        """/W alone is the list, with statuses in full."""
        self.statuses.add(Person("long"), "x" * 100)
        self.assertNotIn("x" * 100, self.ask(b""))
        self.assertIn("x" * 100, self.ask(b"/W"))

    def test_long(self) -> None:
        """A list that is cut says so."""
        self.assertIn("These are the latest 1; there are more.\n", self.ask(b"", list_limit=1))

    def test_nobody(self) -> None:
        """With nobody to list, there is a sentence and not silence."""
        self.answers = Answers(MemoryStatuses(self.clock), Policy())
        self.assertEqual(self.ask(b""), "Nobody has set a status.\n")

    def test_wide_characters(self) -> None:
        """Columns line up behind wide characters and emoji."""
        self.statuses.add(Person("wide", full_name="\u5c71\u7530"), "\u5728\u5bb6")
        lines = self.ask(b"").splitlines()
        self.assertIn("wide    \u5c71\u7530         \u5728\u5bb6            01 Jan 2026", lines[1])

    def test_columns(self) -> None:
        """The columns are what was asked for, of which there is anything."""
        everything = ("status", "since", "office", "office_phone")
        self.assertIn(" Office  Phone\n", self.ask(b"", show_in_list=everything))
        self.assertNotIn("Office", self.ask(b"smith", show_in_list=everything))
        with self.assertRaises(ValueError):
            Policy(show_in_list=("plan",))


class SampleTests(AnswersContract):
    """The sample policies of RFC 1288 §3.2.3, as a site says them: whatever is not named is for nobody."""

    def site(self, *shown: str) -> None:
        self.statuses = MemoryStatuses(self.clock)
        self.statuses.site = Site(default=Audience.NOBODY, fields=dict.fromkeys(shown, Audience.WORLD))
        self.statuses.add(MOSHEZ, "Happy and well")
        self.statuses.add(Person("shawn", full_name="Shawn Smith"))
        self.answers = Answers(self.statuses, Policy())

    def test_policy_a(self) -> None:
        """Sample policy A: full name, office, phones and times."""
        self.site("office", "office_phone", "home_phone", "since")
        for line in (b"moshez", b"/W moshez"):
            self.assertEqual(
                self.ask(line),
                "Login: moshez                           Name: Moshe Zadka\n"
                "Status set: since Thu 01 Jan 2026 00:01 UTC\n"
                "Office: Room 1\nOffice phone: 555-1\nHome phone: 555-2\n",
            )
        self.assertEqual(self.ask(b""), "Login   Name         Since (UTC)\nmoshez  Moshe Zadka  01 Jan 2026 00:01\n")

    def test_policy_b(self) -> None:
        """Sample policy B: full name, office and its phone."""
        self.site("office", "office_phone")
        for line in (b"moshez", b"/W moshez"):
            self.assertEqual(
                self.ask(line),
                "Login: moshez                           Name: Moshe Zadka\nOffice: Room 1\nOffice phone: 555-1\n",
            )

    def test_policy_c(self) -> None:
        """Sample policy C: the full name only, also of somebody of whom there is no more, and nobody is listed."""
        self.site()
        for line in (b"moshez", b"/W moshez"):
            self.assertEqual(self.ask(line), "Login: moshez                           Name: Moshe Zadka\n")
            self.assertEqual(self.ask(line, host=""), self.ask(line))
        self.assertEqual(self.ask(b"/W shawn"), "Login: shawn                            Name: Shawn Smith\n")
        for line in (b"", b"/W"):
            self.assertEqual(self.ask(line), "There is nobody to list.\n")

    def test_history_of_a_site_that_has_none(self) -> None:
        """Where the history is not shown, it is not said to be temporarily unavailable either."""
        self.site()

        async def history(name: str, before: object, limit: int) -> object:
            raise TemporarilyUnavailable

        self.patch(self.statuses, "history", history)
        self.assertEqual(self.ask(b"/W moshez"), "Login: moshez                           Name: Moshe Zadka\n")


class RefusalTests(AnswersContract):
    """What is not answered is refused in words."""

    def test_forwarding(self) -> None:
        """{Q2} is refused in the RFC's words, in each of its forms, and tells nothing about anybody."""
        for line in (b"@h", b"u@h", b"/W @h", b"/W moshez@h@i", b"moshez@", b"@"):
            self.assertEqual(self.ask(line), "Finger forwarding service denied.\n")

    def test_bad_queries(self) -> None:
        """A query that is none is refused with the reason."""
        self.assertEqual(self.ask(b"\0"), "The query has a NUL in it.\n")
        self.assertEqual(self.ask(b"\xe9"), "The query is not UTF-8.\n")

    def test_away(self) -> None:
        """While nothing can be known, the answer says so."""
        self.statuses.away = True
        for line in (b"", b"moshez", b"/W moshez"):
            self.assertIn("temporarily unavailable", self.ask(line))

    def test_history_is_asked_for_once(self) -> None:
        """While history is not to be had, asking about many people does not wait for each of them."""
        asked: list[str] = []

        async def history(name: str, before: object, limit: int) -> object:
            asked.append(name)
            raise TemporarilyUnavailable

        self.patch(self.statuses, "history", history)
        self.assertEqual(self.ask(b"/W moshez shawn sam").count("History: temporarily unavailable.\n"), 3)
        self.assertEqual(asked, ["moshez"])

    def test_ascii(self) -> None:
        """An administrator may have answers in ASCII alone."""
        self.statuses.add(Person("cafe", full_name="Caf\u00e9"), "\U0001f600 ok")
        answer = self.ask(b"cafe", ascii=True)
        self.assertTrue(answer.isascii())
        self.assertIn("Cafe", answer)

    @given(st.binary(max_size=100))
    def test_any_line(self, line: bytes) -> None:
        """Any bytes get an answer that is UTF-8 in CRLF lines without a control character."""
        self.setUp()
        answer = self.ask(line.replace(b"\r", b"").replace(b"\n", b""))
        assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in answer if c != "\n")

    @given(st.text(max_size=100))
    def test_any_record(self, text: str) -> None:
        """Whatever a record holds, even what the store would have refused, the answer is clean."""
        self.setUp()
        self.statuses.add(Person("evil", full_name=text, plan=text, office=text), text)
        for line in (b"/W evil", b"", b"/W"):
            answer = self.ask(line)
            assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in answer if c != "\n")
