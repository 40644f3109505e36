"""The finger query, by the numbers of RFC 1288 and by what clients really send."""

from __future__ import annotations

from fingerpost_finger.query import MAX_LINE, BadQuery, Query, first_line, parse
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase


class GrammarTests(SynchronousTestCase):
    """Every form of the grammar in RFC 1288 §2.3."""

    def test_q1(self) -> None:
        """The four forms without a host."""
        self.assertEqual(parse(b""), Query())
        self.assertEqual(parse(b"/W"), Query(verbose=True))
        self.assertEqual(parse(b"moshez"), Query(("moshez",)))
        self.assertEqual(parse(b"/W moshez"), Query(("moshez",), True))

    def test_q2(self) -> None:
        """The four forms with hosts, of which there may be any number that fits into a line."""
        self.assertEqual(parse(b"@a"), Query(hosts=("a",)))
        self.assertEqual(parse(b"u@a@b"), Query(("u",), hosts=("a", "b")))
        self.assertEqual(parse(b"/W @a"), Query((), True, ("a",)))
        self.assertEqual(parse(b"/W u@a"), Query(("u",), True, ("a",)))
        self.assertEqual(len(parse(b"@h" * 200).hosts), 200)

    def test_q2_with_an_empty_host(self) -> None:
        """A lone @ asks for forwarding too, to nowhere; it is never a list or a name."""
        self.assertEqual(parse(b"moshez@").hosts, ("",))

    def test_case_of_w(self) -> None:
        """lynx sends /w: it counts like /W."""
        self.assertEqual(parse(b"/w moshez"), Query(("moshez",), True))

    def test_w_at_the_end(self) -> None:
        """RFC 1194 had /W behind the name."""
        self.assertEqual(parse(b"moshez /W"), Query(("moshez",), True))

    def test_blanks_around(self) -> None:
        """elinks sends a leading blank; blanks and tabs anywhere mean nothing."""
        self.assertEqual(parse(b" \tmoshez \t"), Query(("moshez",)))
        self.assertEqual(parse(b"   "), Query())

    def test_several_names(self) -> None:
        """Names are separated by blanks (BSD) or commas (RFC 742); one that is repeated is asked once."""
        self.assertEqual(parse(b"a b,c, a"), Query(("a", "b", "c")))

    def test_telnet(self) -> None:
        """Telnet negotiation in front of a query is left out."""
        self.assertEqual(parse(b"\xff\xfb\x03\xff\xfd\x01moshez"), Query(("moshez",)))
        self.assertEqual(parse(b"\xff\xfa\x18\x00xterm\xff\xf0moshez"), Query(("moshez",)))

    def test_nul(self) -> None:
        """A NUL does not end a name: C daemons then answer with the list."""
        for line in (b"\0", b"\0moshez", b"mos\0hez"):
            with self.assertRaises(BadQuery):
                parse(line)

    def test_not_utf8(self) -> None:
        """Bytes that are no UTF-8 are refused."""
        with self.assertRaises(BadQuery):
            parse(b"caf\xe9")
        self.assertEqual(parse("caf\u00e9".encode()), Query(("caf\u00e9",)))


class LineTests(SynchronousTestCase):
    """Where the query line ends."""

    def test_ends(self) -> None:
        """CRLF, LF alone, CR alone and the end of input end a line; what comes behind is no second query."""
        for data in (b"moshez\r\n", b"moshez\n", b"moshez\r", b"moshez\r\x00\r\n", b"moshez\r\nroot\r\n"):
            self.assertEqual(first_line(data, False), b"moshez")
        self.assertIsNone(first_line(b"moshez", False))
        self.assertEqual(first_line(b"moshez", True), b"moshez")

    def test_too_long(self) -> None:
        """A line may have 512 bytes, and not one more, ended or not."""
        self.assertEqual(first_line(b"x" * MAX_LINE + b"\r\n", False), b"x" * MAX_LINE)
        for data in (b"x" * (MAX_LINE + 1), b"x" * (MAX_LINE + 1) + b"\r\n"):
            with self.assertRaises(BadQuery):
                first_line(data, False)

    @given(st.binary(max_size=600))
    def test_any_bytes(self, data: bytes) -> None:
        """Any bytes are a query of clean names, or a `BadQuery`."""
        try:
            line = first_line(data, True)
            query = parse(line or b"")
        except BadQuery:
            return
        for name in query.names:
            assert name
            assert "@" not in name
            assert not any(c in name for c in " \t,\r\n\0")

    @given(st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), max_size=4, unique=True), st.booleans())
    def test_round_trip(self, names: list[str], verbose: bool) -> None:
        """Names and /W come out of a line as they went in."""
        line = " ".join((["/W"] if verbose else []) + names).encode()
        assert parse(line) == Query(tuple(names), verbose)
