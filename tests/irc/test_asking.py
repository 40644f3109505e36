"""What is a question to the bot, and what is not."""

from __future__ import annotations

from fingerpost_irc.asking import asked_in_channel, asked_in_private
from fingerpost_irc.folding import fold
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase


class AskingTests(SynchronousTestCase):
    """A bot called Finger[bot]."""

    def channel(self, text: str, prefix: str = "!finger") -> str | None:
        return asked_in_channel(text, "Finger[bot]", prefix)

    def private(self, text: str) -> str | None:
        return asked_in_private(text, "Finger[bot]", "!finger")

    def test_addressed(self) -> None:
        """In a channel the bot hears what is behind its nick, in any case, and a colon or comma."""
        for text in (
            "Finger[bot]: moshez",
            "finger{bot}, moshez",
            "FINGER[BOT]:moshez",
            " \x02finger[bot]\x02: moshez ",
        ):
            self.assertEqual(self.channel(text), "moshez")
        self.assertEqual(self.channel("finger[bot]: Moshe Zadka?"), "Moshe Zadka?")
        self.assertEqual(self.channel("finger[bot]:"), "")

    def test_prefix(self) -> None:
        """In a channel the bot hears the configured prefix, where there is one."""
        self.assertEqual(self.channel("!finger moshez"), "moshez")
        self.assertEqual(self.channel("!Finger  moshez"), "moshez")
        self.assertEqual(self.channel("!finger"), "")
        self.assertIsNone(self.channel("!fingers moshez"))
        self.assertIsNone(self.channel("!finger moshez", prefix=""))

    def test_not_addressed(self) -> None:
        """In a channel nothing else is a question, the bot's name in a sentence least of all."""
        for text in ("moshez", "finger[bot] is down again", "ask finger[bot]: moshez", "finger[bot]s: moshez", "", " "):
            self.assertIsNone(self.channel(text))

    def test_private(self) -> None:
        """In private everything is a question, with or without the nick or the prefix, in whatever colours."""
        for text in ("moshez", "finger[bot]: moshez", "!finger moshez", "\x0304,01mo\x02shez\x0f", " moshez "):
            self.assertEqual(self.private(text), "moshez")
        self.assertIsNone(self.private("\x02 \x0f"))

    def test_other_bots(self) -> None:
        """What another such bot has said is no question: two of them would never stop."""
        for text in (
            "Status of moshez: No such user.",
            "New status of moshez: Happy",
            "alice: Status of x y: No status.",
        ):
            self.assertIsNone(self.private(text))
            self.assertIsNone(self.channel(f"finger[bot]: {text}"))
        self.assertEqual(self.private("status of moshez"), "status of moshez")

    def test_folding(self) -> None:
        """Names are compared by RFC 2812's rule, in which brackets have a lower case too."""
        self.assertEqual(fold("A[\\]~"), fold("a{|}^"))

    @given(st.text(max_size=100))
    def test_any_text(self, text: str) -> None:
        """Any text is a clean question or none."""
        for found in (self.channel(f"finger[bot]: {text}"), self.private(text), self.channel(text)):
            assert found is None or not any(ord(character) < 32 or 0x7F <= ord(character) < 0xA0 for character in found)
