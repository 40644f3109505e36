"""What text is allowed."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from xml.etree import ElementTree

from attrs import evolve, fields
from fingerpost.codec import dump, load
from fingerpost.errors import NotAccepted
from fingerpost.model import Link, Person, Record, Status
from fingerpost.text import LIMITS, check_line, check_login, check_person, check_status, without_controls
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class LineTests(SynchronousTestCase):
    """One field of text."""

    def refused(self, field: str, value: str) -> str:
        with self.assertRaises(NotAccepted) as caught:
            check_line(field, value)
        return str(caught.exception)

    @given(st.text(max_size=400))
    def test_accepted_or_refused(self, value: str) -> None:
        """Any text is either kept in NFC, short, harmless and fit for XML, or refused naming the field."""
        try:
            kept = check_line("status", value)
        except NotAccepted as error:
            assert str(error).startswith("status: ")
            return
        assert unicodedata.is_normalized("NFC", kept)
        assert len(kept) <= 280
        assert kept == check_line("status", kept)
        assert not any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in kept)
        element = ElementTree.Element("status")
        element.text = kept
        assert ElementTree.fromstring(ElementTree.tostring(element)).text == (kept or None)

    @given(st.text())
    def test_relayed_text_is_harmless(self, value: str) -> None:
        """What is relayed without having been checked loses every control character and no other."""
        shown = without_controls(value)
        assert len(shown) == len(value)
        assert not any(unicodedata.category(c) == "Cc" for c in shown)
        assert without_controls(shown) == shown

    def test_normalised(self) -> None:
        """A letter and a combining accent become one character, so that equal texts are equal."""
        self.assertEqual(check_line("status", "Cafe\u0301"), "Caf\u00e9")

    def test_emoji_and_right_to_left(self) -> None:
        """Emoji with joiners and right-to-left scripts are text like any other."""
        for text in ("\U0001f469\u200d\U0001f4bb coding", "\u05e9\u05dc\u05d5\u05dd", "\u5728\u5bb6"):
            self.assertEqual(check_line("status", text), text)

    def test_refusals_name_the_character(self) -> None:
        """A control character is refused with its number and place."""
        self.assertEqual(
            self.refused("status", "ab\x1b[2J"), "status: the character U+001B at position 3 is not allowed"
        )
        for bad in "\n\r\t\x00\x7f\x9b\u202e\u2066\u2028\ufffe\ud800":
            self.assertIn(f"U+{ord(bad):04X}", self.refused("full_name", f"a{bad}b"))

    def test_too_long(self) -> None:
        """A text that is too long is refused with both lengths."""
        self.assertEqual(self.refused("status", "x" * 281), "status: 281 characters are too many; at most 280 fit")

    def test_plans_have_lines(self) -> None:
        """A plan may have newlines and tabs, and CRLF becomes a newline."""
        self.assertEqual(check_line("plan", "one\r\n\ttwo\n"), "one\n\ttwo")
        self.assertIn("U+000D", self.refused("plan", "one\rtwo"))


class PersonTests(SynchronousTestCase):
    """Logins, addresses and whole records."""

    def test_logins(self) -> None:
        """A login is short, plain and in lower case."""
        self.assertEqual(check_login(" MosheZ "), "moshez")
        for bad in ("", "1a", "a b", "a/b", "\u00e4", "x" * 33, "../etc", "RPC2"):
            with self.assertRaises(NotAccepted):
                check_login(bad)

    def test_addresses(self) -> None:
        """An address that would run code where it is shown is refused."""
        for bad in ("javascript:alert(1)", "data:text/html,x", "//example.org", "example.org", "http://[::1"):
            with self.assertRaises(NotAccepted):
                check_person(Person("a", homepage=bad))
            with self.assertRaises(NotAccepted):
                check_person(Person("a", links=(Link("me", bad),)))
        check_person(Person("a", homepage="https://example.org/", links=(Link("me", "finger://example.org/a"),)))

    def test_timezone(self) -> None:
        """A time zone is one that exists."""
        check_person(Person("a", timezone="Europe/Berlin"))
        for bad in ("Mars/Olympus", "../etc/passwd"):
            with self.assertRaises(NotAccepted):
                check_person(Person("a", timezone=bad))

    def test_status_times(self) -> None:
        """Times are kept in UTC; an expiry in the past, or a time without a zone, is refused."""
        berlin = timezone(timedelta(hours=1))
        status = Status("x", NOW, "cli", expires_at=datetime(2026, 1, 1, 14, tzinfo=berlin))
        self.assertEqual(check_status(status).expires_at, datetime(2026, 1, 1, 13, tzinfo=UTC))
        for bad in (NOW, NOW.replace(tzinfo=None) + timedelta(1)):
            with self.assertRaises((NotAccepted, TypeError)):
                check_status(evolve(status, expires_at=bad))

    def test_the_largest_record_fits_a_page(self) -> None:
        """A record that is as large as allowed, in four-byte characters, stays below AMP's limit of 64 KiB."""
        wide = {name: "\U0001f600" * limit.characters for name, limit in LIMITS.items()}
        names = {attribute.name for attribute in fields(Person)}
        texts: dict[str, Any] = {
            name: wide[name] for name in wide if name in names and name not in {"homepage", "timezone"}
        }
        links = tuple(Link(wide["rel"], "https://" + "x" * 492, wide["type"]) for _ in range(16))
        texts["pubkey"] = texts["pubkey"][:1000]
        with self.assertRaises(NotAccepted):
            check_person(Person("a", links=links, **texts))
        links = links[:4]
        person = check_person(Person("a", aliases=tuple(f"\U0001f600{n}" for n in range(16)), links=links, **texts))
        record = Record(person, check_status(Status(wide["status"], NOW, "cli")))
        data = dump(record)
        self.assertLess(len(data), 64_000)
        self.assertEqual(load(data, Record), record)
