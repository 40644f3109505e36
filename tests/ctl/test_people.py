"""People: adding, changing, hiding and removing them."""

from __future__ import annotations

from fingerpost.interfaces import Proof

from tests.ctl.kit import CommandTestCase


class PeopleTests(CommandTestCase):
    """`fingerctl user`."""

    def test_add(self) -> None:
        """Somebody is known from then on, with what was said of them."""
        (found,) = self.objects("user", "add", "ada", "--full-name", "Ada Lovelace", "--office-phone", "+44 2")
        self.assertEqual(found, {"login": "ada", "name": "Ada Lovelace", "office_phone": "+44 2"})
        self.assertIn("already", self.refused("user", "add", "ada", code=65)["message"])
        self.assertIn("login: ", self.refused("user", "add", "Ada Lovelace", code=65)["message"])

    def test_edit(self) -> None:
        """What is given is changed, the rest stays, and an empty text takes a field away."""
        self.fingerctl("user", "add", "ada", "--office", "B 12", "--project", "Engines", "--alias", "countess")
        (found,) = self.objects(
            "user", "edit", "ada", "--office", "", "--email", "ada@example.org",
            "--link", "me=https://example.org/@ada;text/html",
        )  # fmt: skip
        links = [{"rel": "me", "href": "https://example.org/@ada", "type": "text/html"}]
        self.assertEqual(
            found,
            {"login": "ada", "name": "ada", "project": "Engines", "email": "ada@example.org", "links": links},
        )
        self.assertIn("Aliases:      countess", self.fingerctl("status", "show", "ada").stdout)
        self.fingerctl("user", "edit", "ada", "--alias", "", "--link", "")
        self.assertNotIn("countess", self.fingerctl("status", "show", "ada").stdout)

    def test_texts_from_files(self) -> None:
        """A plan or key may be in a file, or come from stdin."""
        self.fingerctl("user", "add", "ada", "--plan", f"@{self.path('plan', 'One' + chr(10) + 'Two')}")
        self.assertEqual(self.objects("status", "show", "ada")[0]["plan"], "One\nTwo")
        self.fingerctl("user", "edit", "ada", "--pubkey", "@-", stdin="ssh-ed25519 AAAA\n")
        self.assertEqual(self.objects("status", "show", "ada")[0]["pubkey"], "ssh-ed25519 AAAA")
        for path in (self.path("missing"), self.path("binary", b"\xff")):
            self.assertEqual(self.refused("user", "edit", "ada", "--plan", f"@{path}", code=66)["kind"], "cannot_read")

    def test_texts_without_end(self) -> None:
        """A text that does not end is refused, not read for ever."""
        self.fingerctl("user", "add", "ada")
        for option in ("--plan", "--pubkey"):
            error = self.refused("user", "edit", "ada", option, "@/dev/zero", code=65)
            self.assertEqual(error["message"], f"{option[2:]}: what is in /dev/zero is far too long")

    def test_wrong_edits(self) -> None:
        """Nothing to change and a link that is none are wrong command lines; a wrong value is the store's to refuse."""
        self.assertEqual(self.refused("user", "edit", "ada", code=2)["kind"], "usage")
        self.fingerctl("user", "edit", "ada", "--office", "B 12", code=67)
        self.refused("user", "edit", "ada", "--link", "https://example.org/", code=2)
        self.fingerctl("user", "add", "ada")
        self.assertIn("timezone", self.refused("user", "edit", "ada", "--timezone", "Mars/Base", code=65)["message"])

    def test_remove(self) -> None:
        """Who is removed is nobody any more."""
        self.fingerctl("user", "add", "ada")
        self.assertEqual(self.objects("user", "remove", "ada"), [{"login": "ada", "removed": True, "sources": []}])
        self.fingerctl("status", "show", "ada", code=67)
        self.fingerctl("user", "remove", "ada", code=67)

    def test_passwd(self) -> None:
        """A password is taken from stdin, works from then on, and can be taken away; it is nowhere repeated."""
        self.fingerctl("user", "add", "ada")
        result = self.fingerctl("user", "passwd", "ada", stdin="correct horse\nmore\n")
        self.assertEqual(result.stdout, "ada has a new password\n")
        proof = Proof("password", "ada:correct horse")
        self.assertEqual(self.house.result(self.house.client().verify(proof)), "ada")
        removed = self.objects("user", "passwd", "ada", "--remove")
        self.assertEqual(removed, [{"login": "ada", "password": False}])
        self.fingerctl("status", "clear", "--user", "ada", "--password", stdin="correct horse\n", code=77)

    def test_passwd_for_nobody(self) -> None:
        """An empty password, and one for somebody unknown, are refused."""
        self.assertIn("empty", self.refused("user", "passwd", "ada", stdin="", code=65)["message"])
        self.refused("user", "passwd", "ada", stdin="x\n", code=67)

    def test_hide(self) -> None:
        """Who is hidden is not listed, but known to the administrator; and can be shown again."""
        self.fingerctl("user", "add", "ada")
        self.assertEqual(self.objects("user", "hide", "ada"), [{"login": "ada", "hidden": True}])
        self.assertEqual(self.objects("list", "--all"), [])
        self.assertEqual(self.objects("status", "show", "ada"), [{"login": "ada", "name": "ada"}])
        self.assertEqual(self.fingerctl("user", "unhide", "ada").stdout, "ada is not hidden\n")
        self.assertEqual(len(self.objects("list", "--all")), 1)

    def test_nobody(self) -> None:
        """A name with a slip of the pen in it makes nobody known; but whoever is new may begin with themselves."""
        for arguments in (["hide", "nosuch"], ["unhide", "nosuch"], ["disclose", "nosuch", "plan", "world"]):
            self.refused("user", *arguments, code=67)
        self.assertEqual(self.objects("list", "--all"), [])
        self.reach.login = "ada"
        self.assertEqual(self.objects("user", "edit", "ada", "--office", "B 12")[0]["office"], "B 12")

    def test_disclose(self) -> None:
        """A field is for whom the person says, until they leave it to the site again."""
        self.fingerctl("user", "add", "ada", "--office", "B 12")
        self.assertEqual(
            self.objects("user", "disclose", "ada", "office", "nobody"),
            [{"login": "ada", "field": "office", "audience": "nobody"}],
        )
        self.assertEqual(self.objects("list", "--all"), [{"login": "ada", "name": "ada"}])
        self.assertIn("the site", self.fingerctl("user", "disclose", "ada", "office", "default").stdout)
        self.assertEqual(self.objects("list", "--all")[0]["office"], "B 12")
        self.fingerctl("user", "disclose", "ada", "shoe_size", "world", code=2)

    def test_for_administrators(self) -> None:
        """What only administrators may is refused to others with a hint, before anything is asked."""
        self.reach.is_admin = False
        for arguments in (["add", "x"], ["remove", "x"], ["passwd", "x"], ["import", "/nowhere"], ["export"]):
            error = self.refused("user", *arguments, code=77)
            self.assertEqual((error["kind"], error["hint"]), ("not_allowed", "sudo"))
        for arguments in (["token", "list"], ["token", "issue", "x", "--scope", "admin"], ["restore", "/nowhere"]):
            self.refused(*arguments, code=77)
