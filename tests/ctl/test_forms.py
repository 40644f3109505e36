"""The forms of files that can be imported."""

from __future__ import annotations

import csv
import io
import tracemalloc

from fingerpost.accounts import Row, RowStatus
from fingerpost.codec import dump, joined, load
from fingerpost.ctl.importing.batches import batches
from fingerpost.ctl.importing.forms import FORMS, form_of
from fingerpost.ctl.importing.items import LONGEST, Item, Place
from fingerpost.errors import NotAccepted
from fingerpost.model import Audience, Link
from fingerpost.wire import PAGE_BYTES
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
PLANS = st.text(st.just("\n") | st.characters(exclude_categories=["Cc", "Cf", "Cn", "Cs", "Zl", "Zp"]), max_size=20)
ROWS = st.builds(
    Row,
    login=st.from_regex(r"[a-z]{1,8}", fullmatch=True),
    full_name=TEXTS,
    plan=TEXTS,
    hidden=st.sampled_from([True, None]),
    status=st.none() | st.builds(RowStatus, TEXTS),
    links=st.lists(st.builds(Link, TEXTS, TEXTS, TEXTS), max_size=2).map(tuple),
)


def items(form: str, data: str | bytes, start: Place | None = None) -> list[Item]:
    """Everything in a file."""
    file = io.BytesIO(data.encode() if isinstance(data, str) else data)
    return list(FORMS[form](file, start or Place()))


def row(item: Item) -> Row:
    """The row of an item."""
    assert item.row is not None
    return load(item.row, Row)


def found(form: str, data: str | bytes) -> list[Row | tuple[int, str]]:
    """Rows, and of what is none the line and the reason."""
    return [row(item) if item.row is not None else (item.line, item.reason) for item in items(form, data)]


class FormTests(SynchronousTestCase):
    """Bytes in, rows and reasons out."""

    def test_users(self) -> None:
        """Names and statuses with a colon between them, as in the tutorial's file; comments are none."""
        self.assertEqual(
            found("users", "\ufeff# people\n\nmoshez: Happy: and well\r\nada:\nno colon\n  # more\nlast: one"),
            [
                Row("moshez", status=RowStatus("Happy: and well")),
                Row("ada"),
                (5, "there is no colon between a name and a status"),
                Row("last", status=RowStatus("one")),
            ],
        )

    def test_json_lines(self) -> None:
        """What `export` writes; everything else is told with a reason."""
        ada = Row("ada", ("a", "b"), status=RowStatus("x"), hidden=True, audiences={"plan": Audience.LOCAL})
        self.assertEqual(found("jsonl", dump(ada) + b"\n\n" + dump(ada)), [ada, ada])
        for text in ("{", "5", "[]", '{"login":"a"},{"login":"b"}', "[" * 99_999):
            ((line, reason),) = [(item.line, item.reason) for item in items("jsonl", text)]
            self.assertEqual(line, 1, text)
            self.assertTrue(reason)

    def test_json_that_cannot_be_sent(self) -> None:
        """Half a character, a number that is none, and a name that stands twice are refused alone."""
        for text, reason in (
            (r'{"login":"s1","plan":"\ud800"}', "half a character"),
            ('{"login":"s1","plan":NaN}', "not JSON"),
            ('{"login":"s1","plan":-Infinity}', "not JSON"),
            ('{"login":"s1","plan":1e999}', "not JSON"),
            ('{"login":"s1","login":"s2"}', "twice"),
            ('{"login":"s1","status":{"text":"a","text":"b"}}', "twice"),
            ('{"login":' * 5000 + "1" + "}" * 5000, "not JSON"),
        ):
            bad, good = items("jsonl", text + '\n{"login":"s3"}\n')
            self.assertEqual((bad.line, bad.row, row(good)), (1, None, Row("s3")))
            self.assertIn(reason, bad.reason)

    def test_csv(self) -> None:
        """Columns by their heading; values may have commas, quotes and lines in them."""
        lunch = RowStatus('At "lunch"')
        self.assertEqual(
            found(
                "csv",
                "Login,full_name,aliases,status,hidden,plan\n"
                'ada,"Lovelace, Ada",countess al,"At ""lunch""",no,"One\nTwo"\n'
                "\n"
                "bob,,,,,\n"
                "too,few\n"
                'bad,"x"y,,,,\n'
                "eve,,,,maybe,\n"
                "zoe,,,,TRUE,\n",
            ),
            [
                Row("ada", ("countess", "al"), "Lovelace, Ada", plan="One\nTwo", status=lunch, hidden=False),
                Row("bob"),
                (6, "there are 2 values for 6 columns"),
                (7, "this is not CSV: is there a quote too many, or one that is not doubled?"),
                (8, "hidden: this is neither true nor false"),
                Row("zoe", hidden=True),
            ],
        )  # fmt: skip

    def test_csv_headings(self) -> None:
        """A heading that does not say what is what refuses the file."""
        for text in ("", "full_name\nAda\n", "login,login\n", "login,shoe_size\n", "login,links\n", "\xff\xfe"):
            self.assertRaises(NotAccepted, items, "csv", text if text.isascii() else text.encode("latin-1"))

    def test_stray_quotes(self) -> None:
        """A line with a quote too many is refused by its number, and no other with it."""
        data = 'login,status,plan\nq0,bad" quote,\nq1,x,"multi\nline"\nq2,"fine",\nq3,"ok"x,\nq4,"open,\nq5,"x",\n'
        not_csv = "this is not CSV: is there a quote too many, or one that is not doubled?"
        self.assertEqual(
            found("csv", data),
            [
                (2, not_csv),
                Row("q1", plan="multi\nline", status=RowStatus("x")),
                Row("q2", status=RowStatus("fine")),
                (6, not_csv),
                (7, not_csv),
                Row("q5", status=RowStatus("x")),
            ],
        )

    def test_open_quote(self) -> None:
        """A quote that is never closed, or far away, does not take the rest of the file with it."""
        body = "".join(f"u{number},{'x' * 80}\n" for number in range(10_000))
        for end in ("", 'zoe",x\n'):
            data = 'login,plan\nada,"oops\n' + body + end
            file = io.BytesIO(data.encode())
            next(FORMS["csv"](file, Place()))
            self.assertLess(file.tell(), 100_000, "so far it looks ahead")
            first, *rest = found("csv", data)
            self.assertEqual(first, (2, "this is longer than 64 KiB; is there a quote too many?"))
            self.assertEqual(len([one for one in rest if isinstance(one, Row)]), 10_000)

    def test_lines_in_a_value(self) -> None:
        """A quote that closes in a later line is believed where that makes a plan or key which can be taken in."""
        for column, value, is_row in (
            ("plan", "One\nTwo", True),
            ("pubkey", "x\n" * 4000, True),
            ("plan", "x\n" * 2001, False),
            ("status", "One\nTwo", False),
            ("aliases", "one\ntwo", False),
            ("login", "one\n", False),
        ):
            names = ["login", column] if column != "login" else ["login"]
            read = items("csv", ",".join(names) + "\n" + ("" if len(names) == 1 else "ada,") + f'"{value}"\n')
            self.assertEqual(read[0].row is not None, is_row, column)
            self.assertEqual([item.line for item in read], [2] if is_row else [*range(2, 3 + value.count("\n"))])

    @given(
        st.lists(st.sampled_from(["good", "blank"]) | st.text('",ab', max_size=6), max_size=12),
        st.sampled_from(["status", "plan"]),
    )
    def test_every_line_is_accounted_for(self, kinds: list[str], column: str) -> None:
        """Every line is in a row or refused by its number; and where no value has lines, every good one is a row."""
        lines = {"good": "{},hello", "blank": ""}
        data = "".join(lines.get(kind, kind).format(f"w{number}") + "\n" for number, kind in enumerate(kinds, 2))
        read = items("csv", f"login,{column}\n{data}")
        told = [number for item in read for number in range(item.line, item.end.line + 1)]
        self.assertEqual(len(told), len(set(told)))
        self.assertLessEqual({number for number, kind in enumerate(kinds, 2) if kind and kind != "blank"}, {*told})
        if column == "status":
            rows = {row(item).login for item in read if item.row is not None}
            self.assertLessEqual({f"w{number}" for number, kind in enumerate(kinds, 2) if kind == "good"}, rows)

    def test_not_utf8(self) -> None:
        """A line that is not UTF-8 is refused, and the others are not."""
        wanted = ["this is not UTF-8", Row("bob", status=RowStatus("x"))]
        for form, head in (("users", b""), ("csv", b"login,status\n")):
            mark = b":" if form == "users" else b","
            rows = found(form, head + b"ada" + mark + b"\xff\nbob" + mark + b"x\n")
            self.assertEqual(
                [one if isinstance(one, Row) else one[1] for one in rows],
                wanted,
            )

    def test_long_lines(self) -> None:
        """A line without end is refused in bounded memory, and what is behind it is taken in."""

        class Endless(io.RawIOBase):
            """20 MiB of a line, and another line."""

            left = 20 * 2**20

            def readable(self) -> bool:
                return True

            def readinto(self, buffer: object) -> int:
                view = memoryview(buffer)  # type: ignore[arg-type]
                size = min(len(view), self.left)
                if self.left == 0:
                    self.left = -1
                    view[:9] = b"\nada: hi\n"
                    return 9
                view[: max(size, 0)] = b"x" * size
                self.left -= size
                return max(size, 0)

        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        first, second = FORMS["users"](io.BufferedReader(Endless()), Place())
        self.assertEqual((first.line, first.reason, len(first.raw)), (1, "this is longer than 256 KiB", 1000))
        self.assertEqual((second.line, row(second)), (2, Row("ada", status=RowStatus("hi"))))
        self.assertEqual(second.end, Place(2, 20 * 2**20 + 9))
        self.assertLess(tracemalloc.get_traced_memory()[1], 8 * LONGEST)

    def test_by_name(self) -> None:
        """The form is told by the ending of the name."""
        for name, form in {"a.csv": "csv", "a.jsonl": "jsonl", "/etc/users": "users", "-": "users"}.items():
            self.assertEqual(form_of(name), form)

    @given(st.lists(ROWS, max_size=6), st.integers(0, 6))
    def test_any_rows(self, rows: list[Row], skip: int) -> None:
        """What is written as JSON Lines is read back, from wherever one goes on."""
        data = b"".join(dump(row) + b"\n" for row in rows)
        read = items("jsonl", data)
        self.assertEqual([row(item) for item in read], rows)
        start = ([Place()] + [item.end for item in read])[min(skip, len(rows))]
        self.assertEqual(items("jsonl", data, start), read[skip:])

    @given(st.lists(st.tuples(st.from_regex(r"[a-z]{1,8}", fullmatch=True), PLANS), max_size=6), st.integers(0, 6))
    def test_any_csv(self, rows: list[tuple[str, str]], skip: int) -> None:
        """What Python's csv module writes is read back, from wherever one goes on."""
        out = io.StringIO(newline="")
        csv.writer(out, quoting=csv.QUOTE_ALL).writerows([("login", "plan"), *rows])
        data = out.getvalue().encode()
        read = items("csv", data)
        self.assertEqual([(row(item).login, row(item).plan) for item in read], rows)
        start = ([Place()] + [item.end for item in read])[min(skip, len(rows))]
        self.assertEqual(items("csv", data, start), read[skip:])

    @given(st.sampled_from([*FORMS]), st.binary(max_size=60))
    def test_any_bytes(self, form: str, data: bytes) -> None:
        """Whatever a file holds, there are rows or reasons, or the heading is refused."""
        try:
            read = items(form, data)
        except NotAccepted:
            return
        self.assertTrue(all((item.row is None) == bool(item.reason) for item in read))


class BatchTests(SynchronousTestCase):
    """Items in batches that the store takes."""

    def item(self, number: int, row: Row | None) -> Item:
        """The item of a line."""
        return Item(number, Place(number, number * 10), "raw", dump(row) if row else None, "" if row else "bad")

    def test_sizes(self) -> None:
        """A batch has at most 500 rows, and fits into a value of AMP."""
        rows = [Row(f"u{number}", plan="x" * (number % 4000)) for number in range(2000)]
        made = list(batches(self.item(number, row) for number, row in enumerate(rows, 1)))
        self.assertEqual([row(item) for batch in made for item in batch.items], rows)
        self.assertTrue(all(len(joined(batch.rows)) <= PAGE_BYTES and len(batch.rows) <= 500 for batch in made))
        self.assertEqual([batch.end.line for batch in made], [batch.items[-1].line for batch in made])
        self.assertEqual(len(list(batches(self.item(number, Row("a")) for number in range(1001)))), 3)

    def test_too_large(self) -> None:
        """A row that fits nowhere is refused."""
        (batch,) = batches([self.item(1, Row("a", plan="x" * PAGE_BYTES)), self.item(2, Row("b"))])
        self.assertEqual([(item.line, item.reason) for item in batch.bad], [(1, "this is more than 48 KiB")])
        self.assertEqual(len(batch.items), 1)

    def test_only_bad(self) -> None:
        """A file of nothing that can be used does not gather in memory."""
        made = list(batches(self.item(number, None) for number in range(1200)))
        self.assertEqual([len(batch.bad) for batch in made], [500, 500, 200])
        self.assertEqual(made[0].end.line, 499)
