"""Setting, showing and clearing a status."""

from __future__ import annotations

from fingerpost.interfaces import Proof

from tests.ctl.kit import CommandTestCase
from tests.kit import said


class StatusTests(CommandTestCase):
    """`fingerctl status`."""

    def test_set(self) -> None:
        """What is set is said back, and is the status from then on, set by the command line."""
        self.reach.login = "ada"
        result = self.fingerctl("status", "set", "At lunch", "--emoji", "☕", "--availability", "away")
        self.assertEqual(result.stdout, "ada: ☕ At lunch (away)\n")
        self.assertEqual(result.stderr, "")
        (found,) = self.objects("status", "show", "ada")
        self.assertEqual(found.pop("since")[:2], "20")
        self.assertEqual(
            found,
            {"login": "ada", "name": "ada", "status": "At lunch", "emoji": "☕", "availability": "away", "via": "cli"},
        )

    def test_for(self) -> None:
        """A status that holds for a while says until when, in the time of whoever set it."""
        self.assertRegex(
            self.fingerctl("status", "set", "Lunch", "--for", "100000w", "--user", "ada").stdout,
            r"^ada: Lunch, until \d{4}-\d\d-\d\d \d\d:\d\d\n$",
        )

    def test_until_is_in_the_zone_of_the_profile(self) -> None:
        """A clock time is where the person is; without a zone in the profile it is where the command runs."""
        self.fingerctl("user", "add", "ada", "--timezone", "Asia/Kathmandu")
        for name, wanted in (("ada", "06:15:00Z"), ("bob", "17:00:00Z")):
            (found,) = self.objects("status", "set", "x", "--until", "2126-01-01 12:00", "--user", name)
            self.assertEqual(found["until"][11:], wanted)

    def test_wrong_times(self) -> None:
        """A time that is not understood is refused with what is, and one is enough."""
        error = self.refused("status", "set", "x", "--until", "noon", code=65)
        self.assertEqual(error["kind"], "not_accepted")
        self.assertIn("14:00", error["message"])
        self.refused("status", "set", "x", "--for", "2", code=65)
        self.assertEqual(self.refused("status", "set", "x", "--for", "2h", "--until", "14:00", code=2)["kind"], "usage")

    def test_clear(self) -> None:
        """A status can be taken away; who has none is shown so."""
        self.reach.login = "ada"
        self.fingerctl("status", "set", "Here")
        self.assertEqual(self.fingerctl("status", "clear").stdout, "ada has no status\n")
        self.assertEqual(self.objects("status", "show"), [{"login": "ada", "name": "ada"}])

    def test_show(self) -> None:
        """Everything that is shown of somebody, in the time of whoever asks, also what is hidden from others."""
        self.house.clock.rightNow = 1_700_000_000  # 2023-11-14 22:13:20 UTC
        self.fingerctl(
            "user", "add", "ada", "--full-name", "Ada Lovelace", "--alias", "countess", "--home-phone", "+44 1",
            "--plan", "One\nTwo", "--link", "me=https://example.org/@ada",
        )  # fmt: skip
        self.fingerctl("status", "set", "Here", "--user", "ada")
        self.assertEqual(
            self.fingerctl("status", "show", "ada").stdout,
            "ada: Here\n"
            "  Set:          2023-11-14 17:13 by cli\n"
            "  Name:         Ada Lovelace\n"
            "  Aliases:      countess\n"
            "  Home phone:   +44 1\n"
            "  Plan:\n"
            "    One\n"
            "    Two\n"
            "  Link:         https://example.org/@ada (me)\n",
        )

    def test_nobody(self) -> None:
        """Somebody unknown is said to be so, with a hint and an exit code of its own."""
        result = self.fingerctl("status", "show", "nosuch", code=67)
        self.assertEqual(
            result.stderr,
            "fingerctl: No such user.\nHint: `fingerctl list --all` names everybody that there is\n",
        )
        self.assertEqual(self.refused("status", "show", "nosuch", code=67)["kind"], "no_such_user")

    def test_text_that_is_not_accepted(self) -> None:
        """The store's sentence is told."""
        self.assertIn("at most 280", self.refused("status", "set", "x" * 281, code=65)["message"])
        self.assertIn("far too long", self.refused("status", "set", "x" * 70_000, code=65)["message"])

    def test_nameless(self) -> None:
        """Who has no name on this machine has to give one."""
        self.reach.login = ""
        self.assertIn("no name for you", self.refused("status", "set", "x", code=65)["message"])


class ProofTests(CommandTestCase):
    """Acting for somebody else by what only they have."""

    def setUp(self) -> None:
        super().setUp()
        self.fingerctl("user", "add", "ada")
        self.token = self.fingerctl("token", "issue", "ada", "--scope", "status:set").stdout.strip()
        self.fingerctl("user", "passwd", "ada", stdin="correct horse\n")

    def test_token(self) -> None:
        """A token says itself whose it is; it is in a file or in the environment."""
        path = self.path("token", f"{self.token}\n")
        for options, environment in ((["--token-file", path], {}), ([], {"FINGERPOST_TOKEN": self.token})):
            result = self.fingerctl("status", "set", "By token", *options, environment=environment)
            self.assertEqual(result.stdout, "ada: By token\n")
        self.assertEqual(self.fingerctl("status", "clear", "--token-file", path).stdout, "ada has no status\n")

    def test_file_goes_before_environment(self) -> None:
        """What was asked for counts, not what lies about."""
        path = self.path("token", self.token)
        self.fingerctl("status", "set", "x", "--token-file", path, environment={"FINGERPOST_TOKEN": "fp_wrong"})

    def test_wrong_token(self) -> None:
        """A wrong token, and one for somebody else, are refused, and neither is repeated."""
        for user in ([], ["--user", "bob"]):
            result = self.fingerctl("status", "set", "x", *user, code=77, environment={"FINGERPOST_TOKEN": "fp_wrong"})
            self.assertNotIn("fp_wrong", result.stderr)
        self.fingerctl("status", "set", "x", "--user", "bob", code=77, environment={"FINGERPOST_TOKEN": self.token})

    def test_password(self) -> None:
        """A password comes from stdin where that is no terminal."""
        arguments = ("status", "set", "By password", "--user", "ada", "--password")
        self.assertEqual(self.fingerctl(*arguments, stdin="correct horse\n").stdout, "ada: By password\n")
        self.fingerctl("status", "clear", "--user", "ADA", "--password", stdin="correct horse\n")
        self.assertEqual(self.refused(*arguments, stdin="wrong\n", code=77)["kind"], "not_allowed")
        self.assertIn("empty", self.refused(*arguments, stdin="\n", code=65)["message"])

    def test_only_one_proof(self) -> None:
        """A token and a password are too much."""
        self.fingerctl("status", "clear", "--password", "--token-file", "x", code=2)

    def test_unreadable_token(self) -> None:
        """A file that is not there, or empty, is said to be so."""
        for path in (self.path("missing"), self.path("empty", "\n"), self.path("binary", b"\xff\xfe")):
            self.assertEqual(self.refused("status", "clear", "--token-file", path, code=66)["kind"], "cannot_read")

    def test_until_with_a_token(self) -> None:
        """The zone of the profile is known by a token, too."""
        self.house.result(
            self.house.client().update_profile("ada", {"timezone": "Asia/Kathmandu"}, Proof("peer", "ada"))
        )
        found = self.objects(
            "status", "set", "x", "--until", "2126-01-01 12:00", environment={"FINGERPOST_TOKEN": self.token}
        )
        self.assertEqual(found[0]["until"][11:], "06:15:00Z")

    def test_set_by_others_too(self) -> None:
        """What was set elsewhere is shown with where."""
        self.house.result(self.house.client().set_status("ada", said("On the web", "web"), Proof("peer", "ada")))
        self.assertEqual(self.objects("status", "show", "ada")[0]["via"], "web")
