"""The man page's examples are of commands that there are."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import click
from fingerpost.ctl.program import fingerctl
from twisted.trial.unittest import SynchronousTestCase

from tests.ctl.examples import Example, examples
from tests.ctl.test_main import commands
from tests.integration.processes import program

PAGE = Path(__file__).parents[2] / "deploy" / "packaging" / "man" / "fingerctl.1"


def resolved(arguments: list[str]) -> str:
    """The whole name of the command that some arguments call; raises what click does where they are wrong."""
    names: list[str] = []
    found: click.Command = fingerctl
    while isinstance(found, click.Group):
        names.append(arguments[len(names)])
        found = found.commands[names[-1]]
    found.make_context(names[-1], arguments[len(names) :], parent=click.Context(fingerctl))
    return " ".join(names)


class ExamplesTests(SynchronousTestCase):
    """`fingerctl.1`."""

    def test_extraction(self) -> None:
        """Lines of examples are told from what they print, and are freed from roff's escapes."""
        page = ".PP\n# no example\n.EX\n# a \\-\\-b \\(aqc d\\(aq | a e\\en > f\nprinted\n$ g\n.EE\n.EX\n$ h\n.EE\n"
        found = list(examples(page))
        self.assertEqual(found, [Example("a --b 'c d' | a e\\n > f", True), Example("g", False), Example("h", False)])
        self.assertEqual(found[0].arguments("a"), [["--b", "c d"], ["en"]])

    def test_each_command_has_one(self) -> None:
        """Every command is shown at work, and every example is understood."""
        shown = {
            resolved(arguments)
            for example in examples(PAGE.read_text())
            for arguments in example.arguments("fingerctl")
        }
        self.assertEqual(shown, {name for name, _ in commands(fingerctl)})

    def test_each_option_is_there(self) -> None:
        """Every option of every command is on the page."""
        text = PAGE.read_text().replace("\\-", "-")
        for name, command in commands(fingerctl):
            for option in command.params:
                if isinstance(option, click.Option):
                    self.assertIn(option.opts[0], text, name)

    def test_page_is_clean(self) -> None:
        """groff has nothing to complain about."""
        done = subprocess.run(
            [program("groff"), "-t", "-man", "-Tutf8", "-ww", "-rCHECKSTYLE=3", PAGE],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        self.assertEqual(done.stderr, "")
        self.assertFalse(re.search(r"^\S.{100,}$", done.stdout))
