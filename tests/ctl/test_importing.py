"""Importing and exporting people."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

from fingerpost.errors import TemporarilyUnavailable

from tests.ctl.kit import CommandTestCase


class ImportTests(CommandTestCase):
    """`fingerctl user import`."""

    def people(self, count: int) -> str:
        """A users file of so many people."""
        return self.path("users", "".join(f"u{number}: here\n" for number in range(count)))

    def states(self) -> list[Path]:
        """What is remembered of imports."""
        return list((self.folder / "state" / "fingerpost").glob("*"))

    def break_off(self, *arguments: str, batch: int = 6, stdin: str = "") -> str:
        """Import something, and lose the store when so many batches came; what is said of that."""
        take_in, came = self.house.accounts.administration.take_in, 0

        async def counted(rows: Sequence[Any]) -> Any:
            nonlocal came
            came += 1
            if came == batch:
                self.house.stop()
            return await take_in(rows)

        with mock.patch.object(self.house.accounts.administration, "take_in", counted):
            result = self.fingerctl("user", "import", *arguments, code=75, stdin=stdin)
        self.house.open = True
        return result.stderr

    def test_forms(self) -> None:
        """All three forms, told by their names or by an option."""
        self.fingerctl("user", "import", self.path("users", "moshez: Happy\n"))
        self.fingerctl("user", "import", self.path("p.csv", "login,full_name\nada,Ada Lovelace\n"))
        self.fingerctl("user", "import", self.path("p.jsonl", '{"login":"bob","project":"x"}\n'))
        self.fingerctl("user", "import", "-", "--format", "csv", stdin="login\neve\n")
        names = [one["name"] for one in self.objects("list", "--all")]
        self.assertEqual(names, ["Ada Lovelace", "bob", "eve", "moshez"])

    def test_counts(self) -> None:
        """What became of everybody is said in the end; a second time nothing is new."""
        path = self.people(3)
        self.assertEqual(self.fingerctl("user", "import", path).stdout, "3 people taken in, 3 new or different\n")
        self.assertEqual(self.objects("user", "import", path)[0]["people"], 3)
        self.assertEqual(self.states(), [])

    def test_somebody_twice(self) -> None:
        """Of somebody who stands in a file twice the last row counts, field by field."""
        rows = "login,status,project\nada,one,p1\nada,two,p2\nada,three,\n"
        self.fingerctl("user", "import", self.path("p.csv", rows))
        (found,) = self.objects("list", "--all")
        self.assertEqual((found["status"], found["project"]), ("three", "p2"))

    def test_refused(self) -> None:
        """Bad rows are told with their lines, and kept where that is wanted; the rest is taken in."""
        path = self.path("users", "ada: x\nno colon\nBad Name: y\nbob: " + "z" * 281 + "\neve: x\n")
        kept = self.path("refused")
        result = self.fingerctl("user", "import", path, "--refused", kept, code=65)
        self.assertEqual(
            [line.partition(":")[0] for line in result.stderr.splitlines()], ["line 2", "line 3", "line 4"]
        )
        self.assertIn("2 people taken in, 2 new or different; 3 rows refused", result.stdout)
        rows = [json.loads(line) for line in Path(kept).read_text().splitlines()]
        self.assertEqual([set(row) for row in rows], [{"line", "reason", "row"}] * 3)
        self.assertEqual(
            [(row["line"], row["row"][:8]) for row in rows], [(2, "no colon"), (3, "Bad Name"), (4, "bob: zzz")]
        )
        self.assertEqual(len(self.objects("list", "--all")), 2)

    def test_refused_rows_do_not_replace_the_input(self) -> None:
        """The file that is read is not written into, by whatever name."""
        path = Path(self.path("users", "ada: x\nno colon\n"))
        os.link(path, self.path("other"))
        os.symlink(path, self.path("link"))
        for name in ("users", "other", "link"):
            error = self.refused("user", "import", str(path), "--refused", self.path(name), code=2)
            self.assertIn("the file that is read", error["message"])
        self.assertEqual(path.read_text(), "ada: x\nno colon\n")

    def test_refused_rows_are_kept_until_there_are_others(self) -> None:
        """What an earlier run refused stays where it is while there is no store."""
        path, kept = self.people(1), Path(self.path("refused", "earlier"))
        self.house.open = False
        self.fingerctl("user", "import", path, "--refused", str(kept), code=69)
        self.assertEqual(kept.read_text(), "earlier")
        self.house.open = True
        self.fingerctl("user", "import", path, "--refused", str(kept))
        self.assertEqual(kept.read_text(), "")

    def test_refused_lines(self) -> None:
        """A row of several lines that the store refuses is told with all of them."""
        path = self.path("p.csv", 'login,plan\nBad Name,"One\nTwo"\nada,x\n')
        self.assertIn("lines 2 to 3: login: ", self.fingerctl("user", "import", path, code=65).stderr)

    def test_refused_as_json(self) -> None:
        """Programs get an error for each line."""
        result = self.fingerctl("user", "import", "-", "--json", stdin="ada: x\nno colon\n", code=65)
        self.assertEqual(json.loads(result.stdout), {"people": 1, "changed": 1, "refused": 1})
        error = json.loads(result.stderr)["error"]
        self.assertEqual((error["kind"], error["line"]), ("not_accepted", 2))

    def test_goes_on(self) -> None:
        """After a lost store the same command goes on behind what was answered, and says so."""
        path = self.people(5000)
        said = self.break_off(path)
        self.assertRegex(said, r"Stopped behind line [1-9]\d* of .*; the same command goes on from there")
        (state,) = self.states()
        line = json.loads(state.read_text())["place"]["line"]
        self.assertTrue(0 < line < 5000 and line % 500 == 0)
        result = self.fingerctl("user", "import", path)
        self.assertIn(f"Going on behind line {line} of", result.stderr)
        self.assertIn("5000 people taken in", result.stdout)
        self.assertEqual(len(self.objects("list", "--all")), 5000)
        self.assertEqual(self.states(), [])

    def test_from_start(self) -> None:
        """It starts over where that is wanted, and where the file has changed."""
        path = self.people(5000)
        self.break_off(path)
        self.assertEqual(self.fingerctl("user", "import", path, "--from-start").stderr, "")
        self.break_off(path)
        self.people(1500)
        result = self.fingerctl("user", "import", path)
        self.assertIn("has changed since it was begun; starting over", result.stderr)
        self.assertIn("1500 people", result.stdout)

    def test_refused_rows_of_both_runs(self) -> None:
        """A run that goes on adds to the rows that were refused before."""
        path = self.path("users", "no colon\n" + "".join(f"u{number}: x\n" for number in range(4500)) + "nor here\n")
        kept = self.path("refused")
        self.break_off(path, "--refused", kept)
        self.fingerctl("user", "import", path, "--refused", kept, code=65)
        self.assertEqual([json.loads(line)["line"] for line in Path(kept).read_text().splitlines()], [1, 4502])

    def test_stdin_is_not_gone_on_with(self) -> None:
        """What came from a pipe is gone, and that is said."""
        self.assertIn("what is behind it was not taken in", self.break_off("-", batch=1, stdin="ada: x\n"))
        self.assertEqual(self.states(), [])

    def test_state_that_cannot_be_kept(self) -> None:
        """A state folder that can't be written does not hinder an import, nor does nonsense in it."""
        path = self.people(5000)
        self.break_off(path)
        (state,) = self.states()
        for nonsense in ("", "5", "{}", '{"place": 1}'):
            state.write_text(nonsense)
            self.fingerctl("user", "import", path)
        self.path("state-file", "")
        with mock.patch.dict(os.environ, XDG_STATE_HOME=self.path("state-file")):
            self.break_off(path)
            self.fingerctl("user", "import", path)

    def test_files_that_cannot_be_used(self) -> None:
        """What cannot be read, or written, is said before anything is done."""
        for path in (self.path("missing"), str(self.folder)):
            self.assertEqual(self.refused("user", "import", path, code=66)["kind"], "cannot_read")
        error = self.refused("user", "import", self.people(1), "--refused", self.path("no/where"), code=73)
        self.assertEqual(error["kind"], "cannot_create")
        self.assertEqual(self.objects("list", "--all"), [])
        self.assertIn("columns", self.refused("user", "import", self.path("x.csv", "a,b\n"), code=65)["message"])
        self.assertNotIn("Stopped", self.fingerctl("user", "import", self.path("x.csv"), code=65).stderr)
        self.assertEqual(self.states(), [])

    def test_several_batches_are_under_way(self) -> None:
        """Four batches are on their way at a time, never more."""
        path = self.people(5000)
        most = 0
        now = 0
        take_in = self.house.accounts.administration.take_in

        async def counted(rows: Sequence[Any]) -> Any:
            nonlocal now, most
            now += 1
            most = max(most, now)
            try:
                return await take_in(rows)
            finally:
                now -= 1

        with mock.patch.object(self.house.accounts.administration, "take_in", counted):
            self.fingerctl("user", "import", path)
        self.assertTrue(2 <= most <= 4, most)

    def failing_at(self, *logins: str) -> Any:
        """Have the store fail at some people."""
        take_in = self.house.accounts.administration.take_in

        async def failing(rows: Sequence[Any]) -> Any:
            if any(row.login in logins for row in rows):
                raise ZeroDivisionError
            return await take_in(rows)

        return mock.patch.object(self.house.accounts.administration, "take_in", failing)

    def test_a_row_at_which_the_store_fails(self) -> None:
        """Where the store fails at a row, that row is refused, and all others are taken in."""
        path = self.people(2000)
        with self.failing_at("u7", "u1600"):
            result = self.fingerctl("user", "import", path, code=65)
        self.assertEqual([line.partition(":")[0] for line in result.stderr.splitlines()], ["line 8", "line 1601"])
        self.assertIn("1998 people taken in, 1998 new or different; 2 rows refused", result.stdout)
        self.flushLoggedErrors(ZeroDivisionError)

    def test_a_store_that_fails_at_everything(self) -> None:
        """A store that does nothing but fail has not been given wrong rows; the import stops."""
        with self.failing_at(*(f"u{number}" for number in range(500, 5000))):
            result = self.fingerctl("user", "import", self.people(5000), code=70)
        self.assertIn("Stopped behind line 500 of", result.stderr)
        self.flushLoggedErrors(ZeroDivisionError)

    def test_every_error_is_told_once(self) -> None:
        """With several batches under way a lost store is one error."""
        path = self.people(5000)
        self.assertEqual(self.break_off(path).count("fingerctl: "), 1)
        self.assertEqual(self.flushLoggedErrors(TemporarilyUnavailable), [])


class ExportTests(CommandTestCase):
    """`fingerctl user export`."""

    def setUp(self) -> None:
        super().setUp()
        self.fingerctl("user", "import", "-", stdin="".join(f"u{number}: here\n" for number in range(300)))
        self.fingerctl("user", "add", "ada", "--full-name", "Ada", "--plan", "One\nTwo")
        self.fingerctl("user", "hide", "ada")

    def test_round_trip(self) -> None:
        """What is exported is everybody, and is imported as it was."""
        exported = self.fingerctl("user", "export").stdout
        self.assertEqual(len(exported.splitlines()), 301)
        self.fingerctl("user", "remove", "ada")
        self.fingerctl("user", "remove", "u7")
        self.fingerctl("user", "import", self.path("people.jsonl", exported))
        self.assertEqual(self.fingerctl("user", "export").stdout, exported)

    def test_into_a_file(self) -> None:
        """A file is there whole or not at all, and only its owner may read it."""
        path = Path(self.path("people.jsonl"))
        self.assertEqual(self.objects("user", "export", str(path)), [{"people": 301, "file": str(path)}])
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        before = path.read_bytes()
        everybody, came = self.house.accounts.administration.everybody, []

        async def once(after: str) -> Any:
            came.append(after)
            if len(came) == 2:
                self.house.stop()
            return await everybody(after)

        with mock.patch.object(self.house.accounts.administration, "everybody", once):
            self.fingerctl("user", "export", str(path), code=75)
        self.assertEqual(path.read_bytes(), before)
        self.assertEqual([entry.name for entry in self.folder.iterdir()], ["people.jsonl"])

    def test_where_nothing_can_be_written(self) -> None:
        """A folder that is not there is said so."""
        self.assertEqual(self.refused("user", "export", self.path("no/where"), code=73)["kind"], "cannot_create")

    def test_what_is_no_file(self) -> None:
        """A device, a pipe or a folder is refused in a sentence, and stays what it is."""
        os.mkfifo(self.path("pipe"))
        os.symlink("/dev/full", self.path("link"))
        for path in (self.path("pipe"), self.path("link"), "/dev/full", str(self.folder)):
            mode = os.stat(path).st_mode
            for command in (["user", "export"], ["backup"]):
                if command == ["backup"] and path == str(self.folder):
                    continue
                self.assertIn("it is no file", self.refused(*command, path, code=73)["message"])
            self.assertEqual(os.stat(path).st_mode, mode)

    def test_through_a_link(self) -> None:
        """A link stays a link: what it leads to is replaced, or made."""
        for name in ("there", "new"):
            os.symlink(name, self.path(f"to-{name}"))
        self.path("there", "before")
        for name in ("there", "new"):
            self.fingerctl("user", "export", self.path(f"to-{name}"))
            self.assertTrue((self.folder / f"to-{name}").is_symlink())
            self.assertEqual(len((self.folder / name).read_bytes().splitlines()), 301)
