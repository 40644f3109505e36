"""Lists, history, and what others see."""

from __future__ import annotations

from datetime import datetime, timedelta

from fingerpost.disclosure import FIELDS, UNKNOWN
from fingerpost.interfaces import Proof

from tests.ctl.kit import CommandTestCase
from tests.kit import said


class ReadingTests(CommandTestCase):
    """`fingerctl list`, `history` and `explain`."""

    def say(self, login: str, text: str) -> None:
        """Set a status a minute later."""
        self.house.turn(60)
        self.house.result(self.house.client().set_status(login, said(text, "web"), Proof("peer", login)))

    def test_list(self) -> None:
        """People with a status, the latest first, aligned; or everybody by name."""
        self.assertEqual(self.fingerctl("list").stdout, "")
        self.fingerctl("user", "add", "zoe")
        self.say("moshez", "Happy and well")
        self.say("ada", "At lunch")
        self.assertEqual(
            self.fingerctl("list").stdout,
            "LOGIN   SINCE             STATUS\n"
            "ada     2001-09-08 21:48  At lunch\n"
            "moshez  2001-09-08 21:47  Happy and well\n",
        )
        self.assertEqual([one["login"] for one in self.objects("list")], ["ada", "moshez"])
        self.assertEqual([one["login"] for one in self.objects("list", "--all")], ["ada", "moshez", "zoe"])

    def test_many(self) -> None:
        """More people than fit into a page are all listed."""
        rows = "".join(f"u{number}: here\n" for number in range(450))
        self.fingerctl("user", "import", "-", stdin=rows)
        for arguments in (["list"], ["list", "--all"]):
            self.assertEqual(len({one["login"] for one in self.objects(*arguments)}), 450)
            self.assertEqual(self.fingerctl(*arguments).stdout.count("LOGIN"), 1)

    def test_history(self) -> None:
        """What somebody said, the latest first, at most so many."""
        for number in range(60):
            self.say("ada", f"number {number}")
        self.reach.login = "ada"
        found = self.objects("history", "--limit", "55")
        self.assertEqual([one["status"] for one in found], [f"number {number}" for number in range(59, 4, -1)])
        self.assertEqual(
            found[0], {"status": "number 59", "availability": "free", "via": "web", "since": found[0]["since"]}
        )
        self.assertEqual(len(self.fingerctl("history", "ada").stdout.splitlines()), 21)

    def test_explain(self) -> None:
        """Field by field, what somebody sees, and who decided that."""
        self.fingerctl("user", "add", "ada", "--office", "B 12", "--home-phone", "+44 1", "--plan", "x\n" * 99)
        self.fingerctl("user", "disclose", "ada", "office", "local")
        (found,) = self.objects("explain", "ada", "--as", "world")
        self.assertEqual((found["login"], found["asker"], found["hidden"]), ("ada", "world", False))
        self.assertEqual([one["field"] for one in found["fields"]], list(FIELDS))
        office = next(one for one in found["fields"] if one["field"] == "office")
        self.assertEqual(
            {name: office[name] for name in ("shown", "audience", "said_by")},
            {"shown": False, "audience": "local", "said_by": "person"},
        )
        text = self.fingerctl("explain", "ada", "--as", "local").stdout
        self.assertRegex(text, r"\n  office +yes +local +person +B 12\n")
        self.assertRegex(text, r"\n  home_phone +no +nobody +site")
        self.assertTrue(all(len(line) < 120 for line in text.splitlines()))

    def test_explain_hidden(self) -> None:
        """Of somebody hidden nobody sees anything, and that is said."""
        self.fingerctl("user", "add", "ada")
        self.fingerctl("user", "hide", "ada")
        self.assertIn("ada is hidden", self.fingerctl("explain", "ada", "--as", "member").stdout)
        self.assertTrue(self.objects("explain", "ada", "--as", "member")[0]["hidden"])
        self.refused("explain", "ada", code=2)

    def test_times_that_are_not_known(self) -> None:
        """The first moment of 1970 stands for a time that is kept back, and is not shown as one."""
        from fingerpost.ctl.rendering import local

        self.assertEqual(local(UNKNOWN), "")
        self.assertEqual(local(UNKNOWN + timedelta(days=365)), "1970-12-31 19:00")
        self.assertIsInstance(UNKNOWN, datetime)
