"""How fast the bot speaks, and whose turn it is."""

from __future__ import annotations

from collections.abc import Sequence

from fingerpost_irc.pacing import Pace
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase


class PacingTests(SynchronousTestCase):
    """A pace, and what it sends."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.sent: list[str] = []
        self.own: list[list[str]] = []
        self.pace = Pace(self.clock, self.sent.append, self.more)

    def more(self) -> Sequence[str]:
        return self.own.pop(0) if self.own else ()

    def test_burst(self) -> None:
        """Five lines go at once, and then one every two seconds."""
        self.pace.say(list("abcd"), "one")
        self.pace.say(list("efgh"), "two")
        self.assertEqual(len(self.sent), 5)
        self.clock.advance(1.9)
        self.assertEqual(len(self.sent), 5)
        self.clock.advance(0.1)
        self.assertEqual(len(self.sent), 6)
        self.clock.pump([2.0] * 10)
        self.assertEqual(sorted(self.sent), list("abcdefgh"))

    def test_credit_comes_back(self) -> None:
        """After a while of silence there is a burst again, and no more than that."""
        self.pace.say(list("abcdef"), "one")
        self.clock.pump([2.0, 1000.0])
        self.sent.clear()
        self.pace.say(list("abcdef"), "one")
        self.assertEqual(len(self.sent), 5)

    def test_turns(self) -> None:
        """Whoever asks a lot does not delay the others: lines go out in turns, each one's in order."""
        self.pace.say(list("-----"), "somebody")
        self.pace.say(list("abcdef"), "one")
        self.pace.say(list("xy"), "two")
        self.clock.pump([2.0] * 8)
        self.assertEqual(self.sent[5:], list("axbycdef"))

    def test_bounds(self) -> None:
        """Of one asker six lines wait at most, of all together thirty; what is too much is not said in part."""
        self.pace.say(list("-----"), "somebody")
        self.assertTrue(self.pace.say(list("abcd"), "one"))
        self.assertFalse(self.pace.say(list("efg"), "one"))
        self.assertTrue(self.pace.say(list("ef"), "one"))
        for number in range(4):
            self.assertTrue(self.pace.say(list("abcdef"), f"other {number}"))
        self.assertFalse(self.pace.say(["a"], "last"))
        self.clock.pump([2.0] * 40)
        self.assertEqual(len(self.sent), 5 + 30)

    def test_commands_first(self) -> None:
        """A JOIN does not wait behind answers, but keeps the pace too."""
        self.pace.say(list("-----"), "somebody")
        self.pace.say(list("ab"), "one")
        self.pace.soon("JOIN #test")
        self.assertEqual(len(self.sent), 5)
        self.clock.pump([2.0] * 3)
        self.assertEqual(self.sent[5:], ["JOIN #test", "a", "b"])

    def test_own_lines(self) -> None:
        """What the bot has to say by itself is asked for when it is its turn, and takes turns with answers."""
        self.own = [["1", "2"], ["3"]]
        self.pace.wake()
        self.assertEqual(self.sent, ["1", "2", "3"])
        self.pace.say(list("--"), "somebody")
        self.own = [["1", "2"]]
        self.pace.say(list("abc"), "one")
        self.clock.pump([2.0] * 5)
        self.assertEqual(self.sent[5:], list("a1b2c"))

    def test_configured(self) -> None:
        """An operator of a server of their own may let the bot speak faster."""
        self.pace = Pace(self.clock, self.sent.append, burst=2, seconds=0.5)
        self.pace.say(list("abcd"), "one")
        self.assertEqual(len(self.sent), 2)
        self.clock.advance(0.5)
        self.assertEqual(len(self.sent), 3)

    def test_stop(self) -> None:
        """After the connection has ended nothing is sent, and nothing is left to do."""
        self.pace.say(list("abcdef"), "one")
        self.pace.stop()
        self.pace.say(["x"], "two")
        self.pace.soon("JOIN #test")
        self.assertEqual((len(self.sent), self.clock.getDelayedCalls()), (5, []))

    def test_rounding(self) -> None:
        """A wait of which rounding leaves next to nothing is waited for, and not asked for over and over."""
        for who, lines, seconds in ((2, 3, 1.1), (3, 3, 2.3), (2, 0, 1.9), (1, 4, 0.7)):
            self.pace.say(["x"] * lines, str(who))
            self.clock.advance(seconds)
        self.assertEqual(len(self.sent), 7)

    @given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 7), st.floats(0, 5)), max_size=30))
    def test_never_too_fast(self, steps: list[tuple[int, int, float]]) -> None:
        """Whatever is said when, in no span of time is there more than the burst and one line per two seconds."""
        self.setUp()
        at: list[float] = []
        self.pace = Pace(self.clock, lambda line: at.append(self.clock.seconds()))
        for who, lines, seconds in steps:
            self.pace.say(["x"] * lines, str(who))
            self.clock.advance(seconds)
        for first in range(len(at)):
            for last in range(first, len(at)):
                assert last - first + 1 <= 5 + (at[last] - at[first]) / 2.0 + 1e-6
