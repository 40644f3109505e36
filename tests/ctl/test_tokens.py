"""Tokens: issuing, listing and revoking them."""

from __future__ import annotations

from tests.ctl.kit import CommandTestCase


class TokenTests(CommandTestCase):
    """`fingerctl token`."""

    def setUp(self) -> None:
        super().setUp()
        self.fingerctl("user", "add", "ada")

    def test_issue(self) -> None:
        """The token alone is on stdout, so that a shell can take it up; what it is good for is on stderr."""
        result = self.fingerctl("token", "issue", "ada", "--scope", "status:set", "--scope", "profile:set")
        self.assertRegex(result.stdout, r"^fp_[A-Za-z0-9_-]{43}\n$")
        self.assertIn("set the status and change the profile for ada, until 20", result.stderr)
        self.assertNotIn(result.stdout.strip(), result.stderr)

    def test_issue_as_json(self) -> None:
        """Programs get everything in one object."""
        (found,) = self.objects(
            "token", "issue", "ada", "--scope", "status:set", "--expires", "2126-01-01", "--label", "phone"
        )
        self.assertEqual(found.pop("token")[:3], "fp_")
        self.assertTrue(found.pop("id"))
        wanted = {"login": "ada", "scopes": ["status:set"], "label": "phone", "expires_at": "2126-01-02T05:00:00Z"}
        self.assertEqual(found, wanted)

    def test_expiry(self) -> None:
        """A token lasts as long as is said, or until it is revoked."""
        issue = ("token", "issue", "ada", "--scope", "admin", "--expires")
        self.assertIsNone(self.objects(*issue, "never")[0]["expires_at"])
        self.assertEqual(self.objects(*issue, "2126-06-01 12:00")[0]["expires_at"], "2126-06-01T16:00:00Z")
        self.assertTrue(self.objects(*issue, "2w")[0]["expires_at"])
        for wrong in ("soon", "2001-01-01", "99:99"):
            self.assertRegex(self.refused(*issue, wrong, code=65)["message"], "^expires: ")

    def test_wrong(self) -> None:
        """A token needs a scope, one that there is, and somebody whose it is."""
        self.refused("token", "issue", "ada", code=2)
        self.refused("token", "issue", "ada", "--scope", "everything", code=2)
        self.refused("token", "issue", "nosuch", "--scope", "admin", code=67)

    def test_list_and_revoke(self) -> None:
        """Tokens are listed without their secrets, until after they are revoked."""
        (issued,) = self.objects("token", "issue", "ada", "--scope", "status:set", "--label", "phone")
        (listed,) = self.objects("token", "list", "ada")
        self.assertEqual(
            set(listed),
            {"id", "login", "scopes", "label", "issued_at", "expires_at", "used_at", "revoked_at", "state"},
        )
        self.assertEqual((listed["id"], listed["state"], listed["used_at"]), (issued["id"], "valid", None))
        table = self.fingerctl("token", "list").stdout.splitlines()
        self.assertEqual(table[0].split(), ["ID", "LOGIN", "SCOPES", "EXPIRES", "USED", "STATE", "LABEL"])
        self.assertEqual(table[0].index("LABEL"), table[1].index("phone"))
        revoked = self.objects("token", "revoke", issued["id"])
        self.assertEqual(revoked, [{"id": issued["id"], "login": "ada", "revoked": True}])
        self.assertEqual(self.objects("token", "list")[0]["state"], "revoked")
        self.fingerctl("status", "clear", code=77, environment={"FINGERPOST_TOKEN": issued["token"]})
        self.refused("token", "revoke", "nosuch", code=65)

    def test_many(self) -> None:
        """More tokens than fit into a page are all listed, under one heading."""
        for _ in range(201):
            self.fingerctl("token", "issue", "ada", "--scope", "status:set")
        self.assertEqual(len({one["id"] for one in self.objects("token", "list")}), 201)
        self.assertEqual(self.fingerctl("token", "list").stdout.count("LOGIN"), 1)

    def test_list_of_one(self) -> None:
        """Somebody's tokens are listed by any of their names; of nobody there are none to list."""
        self.fingerctl("user", "edit", "ada", "--alias", "countess")
        self.assertEqual(self.fingerctl("token", "list", "ada").stdout, "")
        self.fingerctl("token", "issue", "ada", "--scope", "status:set")
        self.assertEqual(len(self.objects("token", "list", "Countess")), 1)
        self.refused("token", "list", "nosuch", code=67)
