"""What every command has in common: how errors are told, JSON, exit codes, configuration and completion."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import click
from fingerpost import errors
from fingerpost.ctl import checking
from fingerpost.ctl.problems import CannotCreate, CannotRead, ForAdministrators, Unreachable, told
from fingerpost.ctl.program import fingerctl
from fingerpost.ops.config import ConfigError, Problem

from tests.ctl.kit import CommandTestCase

DOCS = Path(__file__).parents[2] / "docs" / "fingerctl.md"


def commands(group: click.Group, name: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, with its whole name."""
    for part, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{name}{part} ")
        else:
            yield f"{name}{part}", command


class CommandsTests(CommandTestCase):
    """What holds for all commands."""

    def test_each_has_json_and_help(self) -> None:
        """Every command takes `--json`, and says in a sentence what it does, as does each of its options."""
        for name, command in commands(fingerctl):
            options = [option for option in command.params if isinstance(option, click.Option)]
            self.assertIn("--json", [name for option in options for name in option.opts], name)
            self.assertTrue(command.help and command.help.splitlines()[0].endswith("."), name)
            self.assertEqual([option.name for option in options if not option.help], [], name)
            self.fingerctl(*name.split(), "--help")

    def test_each_is_documented(self) -> None:
        """Every command, and each of its options, is on the page about it."""
        page = DOCS.read_text()
        for name, command in commands(fingerctl):
            self.assertIn(f"`{name}", page)
            for option in command.params:
                if isinstance(option, click.Option) and option.opts[0] != "--json":
                    self.assertIn(option.opts[0], page, f"{name} {option.opts[0]}")

    def test_help_is_quick(self) -> None:
        """What only needs words does not wait for Twisted's reactor."""
        code = "import sys, fingerpost.ctl.program; sys.exit('twisted.internet.reactor' in sys.modules)"
        self.assertEqual(subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode, 0)


class ErrorTests(CommandTestCase):
    """Errors are a sentence, a hint, and an exit code."""

    def test_codes(self) -> None:
        """Each error has its kind and its code, which are documented."""
        page = DOCS.read_text()
        for error, kind, code in (
            (errors.NoSuchUser(), "no_such_user", 67),
            (errors.NotAccepted(), "not_accepted", 65),
            (errors.NotAllowed(), "not_allowed", 77),
            (errors.TemporarilyUnavailable(), "temporarily_unavailable", 75),
            (errors.HelloFirst(), "unreachable", 69),
            (errors.FingerpostError(), "failed", 70),
            (ForAdministrators(), "not_allowed", 77),
            (Unreachable(), "unreachable", 69),
            (CannotRead(), "cannot_read", 66),
            (CannotCreate(), "cannot_create", 73),
            (ConfigError([Problem("a.yaml", 1, "", "wrong")]), "configuration", 78),
        ):
            problem = told(error)
            self.assertEqual((problem.kind, problem.code), (kind, code))
            self.assertRegex(page, rf"\| {code} \|.*`{kind}`")

    def test_words(self) -> None:
        """People are told the sentence and the hint on two lines of stderr."""
        with mock.patch.object(self.reach, "run", side_effect=Unreachable("Nobody is there.", "start it")):
            result = self.fingerctl("list", code=69)
            self.assertEqual((result.stdout, result.stderr), ("", "fingerctl: Nobody is there.\nHint: start it\n"))
            self.assertEqual(
                self.refused("list", code=69),
                {"kind": "unreachable", "message": "Nobody is there.", "hint": "start it"},
            )

    def test_no_controls(self) -> None:
        """What others wrote can't do anything to a terminal."""
        with mock.patch.object(self.reach, "run", side_effect=Unreachable("\x1b[2J")):
            self.assertNotIn("\x1b", self.fingerctl("list", code=69).stderr)

    def test_interrupted(self) -> None:
        """^C ends quietly, as does the end of input where something is asked."""
        with mock.patch.object(self.reach, "run", side_effect=KeyboardInterrupt):
            result = self.fingerctl("list", code=130)
            self.assertEqual(self.refused("list", code=130)["kind"], "interrupted")
        self.assertEqual(result.stdout + result.stderr, "")

    def test_full_disk(self) -> None:
        """Output that can't be written is an error in words."""
        with mock.patch.object(self.reach, "run", side_effect=OSError(28, "No space left on device")):
            self.assertIn("No space left", self.refused("list", code=73)["message"])

    def test_not_utf8(self) -> None:
        """Bytes that are no text are refused in words, wherever they are meant to go."""
        for arguments in (
            ["status", "set", "\udcff"],
            ["user", "add", "ada", "--plan", "\udcff"],
            ["history", "\udcff"],
        ):
            self.assertIn("not UTF-8", self.refused(*arguments, code=65)["message"])
        self.refused("user", "import", "\udcff", code=66)
        self.assertIn("\ufffd", self.fingerctl("user", "import", "\udcff", code=66).stderr)

    def test_usage(self) -> None:
        """A wrong command line is told by click, and as JSON where that was asked for."""
        self.assertIn("Usage: fingerctl list", self.fingerctl("list", "more", code=2).stderr)
        error = self.refused("explain", code=2)
        self.assertEqual((error["kind"], error["hint"]), ("usage", ""))
        self.assertIn("Usage: fingerctl", self.fingerctl("nosuch", code=2).stderr)
        for arguments in (["nosuch"], ["--nosuch"], ["list", "--nosuch"], ["user", "nosuch"], []):
            self.assertEqual(self.refused(*arguments, code=2)["kind"], "usage")
        self.assertIn("Usage: ", self.fingerctl("list", "--", "--json", code=2).stderr)

    def test_json_before_the_command(self) -> None:
        """`--json` may stand before the command, too."""
        self.fingerctl("user", "add", "ada")
        self.assertEqual(json.loads(self.fingerctl("--json", "list", "--all").stdout)["login"], "ada")
        error = json.loads(self.fingerctl("--json", "status", "show", "nosuch", code=67).stderr)["error"]
        self.assertEqual(error["kind"], "no_such_user")


class CheckConfigTests(CommandTestCase):
    """`fingerctl check-config`."""

    def setUp(self) -> None:
        super().setUp()
        self.patch(checking, "_ETC", self.folder)

    def test_good(self) -> None:
        """Files that can be used are named; without any, the defaults are in force."""
        self.assertIn("the defaults are in force", self.fingerctl("check-config").stdout)
        path = self.path("store.yaml", "engine: 'memory:'\n")
        self.path("web.yaml", "")
        self.assertIn("finger.yaml: not there, so the defaults", self.fingerctl("check-config", "finger").stdout)
        self.assertEqual(self.fingerctl("check-config", "store").stdout, f"{path}: good\n")
        self.assertEqual(len(self.objects("check-config")), 2)

    def test_bad(self) -> None:
        """What is wrong is told with file and line, of all files, and with an exit code of its own."""
        path = self.path("store.yaml", "\nengin: 'memory:'\n")
        self.path("finger.yaml", "")
        result = self.fingerctl("check-config", code=78)
        self.assertEqual(result.stderr, f"{path}:2: engin: there is no such key (hint: did you mean 'engine'?)\n")
        self.assertIn("finger.yaml: good", result.stdout)
        found = [
            json.loads(line) for line in self.fingerctl("check-config", path, "--json", code=78).stdout.splitlines()
        ]
        problem = {"line": 2, "key": "engin", "message": "there is no such key", "hint": "did you mean 'engine'?"}
        self.assertEqual(found, [{"file": path, "section": "store", "good": False, "problems": [problem]}])

    def test_whole(self) -> None:
        """The one file of `twistd fingerpost` is checked, too."""
        path = self.path("fingerpost.yaml", "metrics: {}\nstore: {engine: 5}\n")
        self.assertIn(f"{path}:2: store.engine: ", self.fingerctl("check-config", path, code=78).stderr)

    def test_missing(self) -> None:
        """A file that is named and not there is wrong; a name that says nothing is a wrong command line."""
        self.assertIn("No such file", self.fingerctl("check-config", "/nowhere/store.yaml", code=78).stderr)
        self.assertIn("neither", self.fingerctl("check-config", "x.txt", code=2).stderr)


class CompletionTests(CommandTestCase):
    """`fingerctl completion`."""

    def test_scripts(self) -> None:
        """Each shell's script is that of click for this program."""
        for shell in ("bash", "zsh", "fish"):
            script = self.fingerctl("completion", shell).stdout
            self.assertIn(f"_FINGERCTL_COMPLETE={shell}_complete", script)
            self.assertEqual(self.objects("completion", shell)[0]["script"].rstrip("\n") + "\n", script)

    def test_completes(self) -> None:
        """The program answers what the script asks."""
        program = "from fingerpost.ctl.main import main; main()"
        for words, wanted in (("fingerctl st", "status"), ("fingerctl status set --un", "--until")):
            environment = {
                **os.environ, "_FINGERCTL_COMPLETE": "bash_complete", "COMP_WORDS": words,
                "COMP_CWORD": str(len(re.findall(" ", words))),
            }  # fmt: skip
            done = subprocess.run(
                [sys.executable, "-c", program],
                env=environment,
                capture_output=True,
                check=False,
                timeout=60,
                text=True,
            )
            self.assertEqual(done.stdout, f"plain,{wanted}\n", done.stderr)
