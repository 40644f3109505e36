"""Text in lines that IRC has room for."""

from __future__ import annotations

from fingerpost_irc.lines import MOST_BYTES, cut, fit, room
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase


class LinesTests(SynchronousTestCase):
    """Fitting text into lines."""

    def test_short(self) -> None:
        """What fits is said as it is, and of nothing there is no line."""
        self.assertEqual(fit("Status of moshez: Happy", 400), ["Status of moshez: Happy"])
        self.assertEqual(fit("  ", 400), [])

    def test_at_a_blank(self) -> None:
        """A long text is broken at a blank, and nothing of it is lost."""
        self.assertEqual(fit("happy and well and more", 14), ["happy and well", "\u2026 and more"])

    def test_without_blanks(self) -> None:
        """A text without blanks is broken between two characters, whatever they take in bytes."""
        self.assertEqual(fit("\u5c71" * 4, 8), ["\u5c71\u5c71", "\u2026 \u5c71", "\u2026 \u5c71"])

    def test_too_long(self) -> None:
        """What would take more than three lines ends in an ellipsis."""
        lines = fit("x" * 100, 20)
        self.assertEqual(lines, ["x" * 20, "\u2026 " + "x" * 16, "\u2026 " + "x" * 13 + "\u2026"])

    def test_no_command_to_others(self) -> None:
        """However a text is broken, no line but the first begins with it: it could be a command to another bot."""
        for line in fit("x" * 20 + " !op mallory" * 5, 20)[1:]:
            self.assertTrue(line.startswith("\u2026 "))

    def test_joined_emoji(self) -> None:
        """An emoji that is made of several is not taken apart where that can be helped."""
        astronaut = "\U0001f469\U0001f3fd\u200d\U0001f680"
        self.assertEqual(fit("ab" + astronaut * 2, 22), ["ab" + astronaut, f"\u2026 {astronaut}"])

    def test_controls(self) -> None:
        """What would be a command, a colour or CTCP is shown to have been there, and does nothing."""
        self.assertEqual(fit("a\r\nQUIT\x01\x0304b", 400), ["a\ufffd\ufffdQUIT\ufffd\ufffd04b"])

    def test_room(self) -> None:
        """There is room for the prefix that a server adds with the longest nick, and for the target."""
        size = room("PRIVMSG", "#test", 30)
        whole = f":{'n' * 30}!{'u' * 20}@{'h' * 64} PRIVMSG #test :{'x' * size}"
        self.assertEqual(len(whole), MOST_BYTES)
        self.assertEqual(room("PRIVMSG", "#" * 600, 30), 16)

    @given(st.text(max_size=400), st.integers(min_value=16, max_value=120))
    def test_any_text(self, text: str, size: int) -> None:
        """Any text becomes at most three lines that fit, are not empty, and have no control character in them."""
        lines = fit(text, size)
        assert len(lines) <= 3
        for line in lines:
            assert 0 < len(line.encode()) <= size
            assert not any(ord(character) < 32 for character in line)

    @given(st.text(st.sampled_from("ab \u5c71\U0001f600\u0301"), max_size=60))
    def test_nothing_is_lost(self, text: str) -> None:
        """Of a text that fits into the lines there are, only blanks at line ends go."""
        lines = fit(text, 16, most=1000)
        assert "".join(line.removeprefix("\u2026 ") for line in lines).replace(" ", "") == text.replace(" ", "")

    @given(st.text(max_size=50), st.integers(min_value=0, max_value=60))
    def test_cut(self, text: str, size: int) -> None:
        """A text is cut between two characters."""
        found = cut(text, size)
        assert len(found.encode()) <= size
        assert text.encode("utf-8", "replace").startswith(found.encode())
