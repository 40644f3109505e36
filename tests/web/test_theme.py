"""Templates of one's own."""

from __future__ import annotations

from pathlib import Path
from tempfile import mkdtemp

from fingerpost.errors import FingerpostError
from fingerpost.model import Person
from fingerpost_web.rehearsal import rehearse
from fingerpost_web.theme import Theme
from twisted.trial.unittest import SynchronousTestCase

from tests.web.browser import Browser

T = 'xmlns:t="http://twistedmatrix.com/ns/twisted.web.template/0.1"'


class ThemeTests(SynchronousTestCase):
    """A folder whose files take the place of the package's."""

    def setUp(self) -> None:
        self.folder = Path(mkdtemp())

    def test_own_files(self) -> None:
        """A template or stylesheet in the folder replaces the one of its name; the others stay."""
        (self.folder / "person.xml").write_text(f'<p {T}>Hello, <b><t:slot name="name"/></b>!</p>')
        (self.folder / "style.css").write_text("body { color: red }")
        browser = Browser()
        browser.pages.theme = Theme.read(str(self.folder))
        browser.statuses.add(Person("ada", full_name="Ada <3"), "Writing")
        self.assertEqual(browser.get("/ada").texts(".//main/p"), ["Hello, Ada <3!"])
        self.assertEqual(browser.get("/static/style.css").body, b"body { color: red }")
        self.assertIn("Writing", browser.get("/").text)

    def test_what_is_wrong(self) -> None:
        """A template that is not XML, or wants what there is not, is refused with file and reason."""
        for text, words in (
            ("<p>", "person.xml: this is no template: no element found"),
            (f'<p {T}><t:slot name="nmae"/></p>', "person.xml: there is no slot 'nmae'"),
            (f'<p {T}><b t:render="statsu"/></p>', "person.xml: there is no part 'statsu'"),
            (f"<p {T}><t:zork/></p>", "person.xml: there is no element 't:zork'"),
        ):
            (self.folder / "person.xml").write_text(text)
            error = self.assertRaises(FingerpostError, Theme.read, str(self.folder))
            self.assertIn(words, str(error))

    def test_a_slot_in_the_wrong_place(self) -> None:
        """A template that wants something where it is not to be had is found out before anybody asks for the page."""
        rehearse(Theme.read(None))
        (self.folder / "list.xml").write_text(f'<p {T}><t:slot name="said"/></p>')
        error = self.assertRaises(FingerpostError, rehearse, Theme.read(str(self.folder)))
        self.assertIn("list.xml can't be filled", str(error))
        self.assertIn("said", str(error))

    def test_no_folder(self) -> None:
        """A folder that is not there is said to be missing."""
        error = self.assertRaises(FingerpostError, Theme.read, "/nosuch")
        self.assertEqual(str(error), "templates: there is no folder '/nosuch'")
