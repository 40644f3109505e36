"""Who guesses is slowed down, and who does not guess is not."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from fingerpost import wire
from fingerpost.errors import NotAllowed
from fingerpost.ops.events import Event
from twisted.internet.defer import Deferred

from tests.kit import CHEAP, peer
from tests.shared.accounts import WORDS, Accounts, password, token


class ThrottleTests(Accounts):
    """Who guesses is slowed down."""

    def setUp(self) -> None:
        super().setUp()
        self.add()
        self.password("correct horse")

    def exhaust(self) -> None:
        for _ in range(5):
            self.assertEqual(self.refusal(password("guess")), WORDS)

    def test_a_name_is_throttled_and_recovers(self) -> None:
        """After some failures even the right password waits; later it is taken again."""
        self.exhaust()
        self.assertEqual(
            self.refusal(password("correct horse")),
            "Too many wrong attempts for this name; please try again in 12 seconds.",
        )
        self.assertEqual(self.counts["password", "throttled"], 1)
        self.house.clock.advance(12)
        self.set_status(password("correct horse"))

    def test_said_once(self) -> None:
        """That a name is throttled is in the log once, however often it is tried."""
        self.exhaust()
        for _ in range(50):
            self.refusal(password("guess"))
        (entry,) = self.logged(Event.PROOF_THROTTLED)
        self.assertEqual((entry["finger_user"], entry["finger_kind"]), ("moshez", "password"))

    def test_others_are_not_held_up(self) -> None:
        """Whoever guesses a name's password holds up neither its tokens, nor the kernel's word, nor other names."""
        self.add("shawn")
        self.password("other horse", "shawn")
        _, secret = self.token()
        self.exhaust()
        self.set_status(token(secret))
        self.set_status(peer("moshez"))
        self.set_status(password("other horse", "shawn"), "shawn")

    def test_unknown_names_are_throttled_alike(self) -> None:
        """A name that nobody has is throttled like one that somebody has."""
        self.exhaust()
        for _ in range(5):
            self.assertEqual(self.refusal(password("guess", "nosuch"), "nosuch"), WORDS)
        self.assertEqual(self.refusal(password("guess", "nosuch"), "nosuch"), self.refusal(password("guess")))

    def test_a_frontend_is_throttled(self) -> None:
        """Whoever guesses a little at every name is slowed down by where they come from."""
        self.house.accounts.configure(evolve(CHEAP, frontend_attempts=10))
        self.house.clock.advance(1)
        for number in range(10):
            self.assertEqual(self.refusal(password("guess", f"u{number}"), f"u{number}"), WORDS)
        self.assertIn("from there", self.refusal(password("guess", "u11"), "u11"))

    def test_tokens_of_nobody(self) -> None:
        """Tokens that are tried out without a name, or for names that nobody has, hold up no right one."""
        self.house.accounts.configure(evolve(CHEAP, frontend_attempts=10))
        self.house.clock.advance(1)
        for _ in range(12):
            with self.assertRaises(NotAllowed):
                self.ask(self.writer, wire.Verify, proof=str(token("fp_guess")))
        for number in range(12):
            self.assertIn("from there", self.refusal(token("fp_guess"), f"u{number}"))
        _, secret = self.token()
        self.set_status(token(secret))
        self.assertEqual(self.ask(self.writer, wire.Verify, proof=str(token(secret)))["login"], "moshez")
        self.assertEqual(self.counts["token", "refused"], 10)

    def test_peers_pay_nothing_back(self) -> None:
        """However many are let in by the kernel's word, whoever guesses is counted all the same."""
        self.house.accounts.configure(evolve(CHEAP, frontend_attempts=10))
        self.house.clock.advance(1)
        for number in range(10):
            self.refusal(password("guess", f"u{number}"), f"u{number}")
            self.set_status(peer("shawn"), "shawn")
        self.assertIn("from there", self.refusal(password("guess", "u10"), "u10"))

    def test_right_ones_are_not_counted(self) -> None:
        """Somebody who is right every time is never held up."""
        for _ in range(50):
            self.set_status(password("correct horse"))

    def test_many_at_once(self) -> None:
        """Attempts that are under way at the same time are no way around."""
        waiting: list[Any] = []
        passwords: Any = self.house.accounts._passwords
        passwords._threads = Held(waiting)
        answers: list[Any] = []
        for _ in range(20):
            asked = self.writer.callRemote(wire.Verify, proof=str(password("guess")))
            asked.addBoth(answers.append)
        self.house.turn()
        self.assertEqual((len(waiting), len(answers)), (5, 15))
        for held in waiting:
            held.callback(False)
        self.house.turn()
        self.assertEqual(len(answers), 20)


class Held:
    """Threads in which every call waits."""

    def __init__(self, waiting: list[Any]) -> None:
        self._waiting = waiting

    def run(self, call: object, *args: object) -> Deferred[Any]:
        """See `IThreads`."""
        self._waiting.append(Deferred())
        held: Deferred[Any] = self._waiting[-1]
        return held
