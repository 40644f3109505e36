"""What the bot answers."""

from __future__ import annotations

from fingerpost.interfaces import NewStatus, Proof
from fingerpost.model import Audience, Availability, Person
from fingerpost.testing import MemoryStatuses
from fingerpost_irc.answers import HELP, Answers
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase


class AnswersTests(SynchronousTestCase):
    """Some people who can be asked about."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.statuses = MemoryStatuses(self.clock)
        self.statuses.add(Person("moshez", aliases=("moshe",), full_name="Moshe Zadka"), "Happy and well")
        self.statuses.add(Person("shawn", full_name="Shawn Smith"), "Alive")
        self.statuses.add(Person("sam", full_name="Sam Smith"))
        self.answers = Answers(self.statuses)

    def ask(self, text: str) -> str:
        return self.successResultOf(Deferred.fromCoroutine(self.answers.answer(text))).text

    def test_person(self) -> None:
        """A login, an alias, and a name that one person has, in any case, get that person's status."""
        for text in ("moshez", "MosheZ", "moshe", "zadka", "Moshe  Zadka"):
            self.assertEqual(self.ask(text), "Status of moshez: Happy and well")

    def test_words_around(self) -> None:
        """A question may be put as people put it."""
        for text in ("moshez?", "moshez ?", "finger moshez", "Status of moshez", "status of Moshe Zadka??"):
            self.assertEqual(self.ask(text), "Status of moshez: Happy and well")
        self.statuses.add(Person("finger"), "here")
        self.assertEqual(self.ask("finger"), "Status of finger: here")

    def test_whole_status(self) -> None:
        """Emoji and availability are part of the answer."""
        new = NewStatus("In a meeting", "cli", "\U0001f4c5", Availability.BUSY)
        self.successResultOf(Deferred.fromCoroutine(self.statuses.set_status("sam", new, Proof("peer", "sam"))))
        self.assertEqual(self.ask("sam"), "Status of sam: \U0001f4c5 In a meeting (busy)")

    def test_no_status(self) -> None:
        """Somebody who has said nothing is known all the same."""
        self.assertEqual(self.ask("sam"), "Status of sam: No status.")

    def test_words_kept_back(self) -> None:
        """Who keeps the words back has no status, also where the time is shown."""
        change = self.statuses.set_visibility("moshez", None, {"status": Audience.NOBODY}, Proof("peer", "moshez"))
        self.successResultOf(Deferred.fromCoroutine(change))
        self.assertEqual(self.ask("moshez"), "Status of moshez: No status.")

    def test_unknown(self) -> None:
        """Somebody unknown is said to be so, in the words of the question made harmless and short."""
        self.assertEqual(self.ask("nosuch"), "Status of nosuch: No such user.")
        self.assertEqual(self.ask("a\x1bb"), "Status of a\ufffdb: No such user.")
        self.assertEqual(self.ask("x" * 400), f"Status of {'x' * 64}...: No such user.")

    def test_ambiguous(self) -> None:
        """A name that several have gets their logins, a few of them."""
        self.assertEqual(self.ask("smith"), "smith may be any of: sam, shawn")
        for number in range(5):
            self.statuses.add(Person(f"smith{number}", full_name=f"Smith {number}"))
        self.assertEqual(self.ask("Smith"), "Smith may be any of: sam, shawn, smith0, smith1, smith2 and others")

    def test_help(self) -> None:
        """Nothing, and `help`, get the way to ask."""
        for text in ("", "?", "help", "HELP"):
            self.assertEqual(self.ask(text), HELP)

    def test_away(self) -> None:
        """While nothing can be known, the answer says so."""
        self.statuses.away = True
        self.assertEqual(self.ask("moshez"), "Status of moshez: temporarily unavailable, please try again in a moment.")

    @given(st.text(max_size=100), st.text(max_size=300))
    def test_any_text(self, asked: str, said: str) -> None:
        """Whatever is asked and whatever a record holds, the answer has no control character in it."""
        self.setUp()
        self.statuses.add(Person("evil", full_name=asked), said)
        for answer in (self.ask(asked), self.ask("evil")):
            assert not any(ord(character) < 32 or 0x7F <= ord(character) < 0xA0 for character in answer)
