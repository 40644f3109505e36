"""The real program and a real store, with a real setter between them for people."""

from __future__ import annotations

import json
import os
import pty
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.integration.processes import BIN, ENVIRONMENT, ServicesTestCase, until

pytestmark = pytest.mark.integration

PROGRAM = [sys.executable, "-c", "from fingerpost.ctl.main import main; main()"]


class ProgramTests(ServicesTestCase):
    """Store, setter and `fingerctl` as processes."""

    def setUp(self) -> None:
        super().setUp()
        listen = {name: f"unix:{self.path(name)}.sock" for name in ("read", "write", "admin")}
        store = {"engine": f"sqlite:{self.path('status.db')}", "listen": listen}
        self.store = self.start("finger-store", "--config", self.write("store.yaml", store))
        setter = {
            "store": listen["write"],
            "listen": f"unix:{self.path('set.sock')}",
            "listen_user": f"unix:{self.path('user.sock')}",
        }
        self.start("finger-setter", "--config", self.write("setter.yaml", setter))
        self.environment = {**ENVIRONMENT, "HOME": str(self.folder), "FINGERPOST_SOCKET": self.path("admin.sock")}
        until(lambda: all((self.folder / f"{name}.sock").exists() for name in ("admin", "user")), "sockets")

    def run_it(self, *arguments: str, socket: str = "admin", code: int = 0, stdin: str = "") -> str:
        """What the program prints on stdout; it says nothing on stderr where all is well."""
        done = subprocess.run(
            [*PROGRAM, *arguments], env={**self.environment, "FINGERPOST_SOCKET": self.path(f"{socket}.sock")},
            input=stdin, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        self.assertEqual(done.returncode, code, done.stderr)
        if not code and not {"issue", "restore"} & {*arguments}:
            self.assertEqual(done.stderr, "")
        self.assertNotIn("Traceback", done.stderr)
        return done.stdout if not code else done.stderr

    def begin(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """The program, started."""
        process = subprocess.Popen(
            [*PROGRAM, *arguments], env=self.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options,
        )  # fmt: skip
        self.addCleanup(process.wait)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        return process

    def many(self, count: int) -> str:
        """A users file of so many people."""
        return self.write("people", "".join(f"u{number}: status number {number} of many\n" for number in range(count)))

    def test_people_and_tokens(self) -> None:
        """A person sets their status over the setter's socket; with a token also somebody else's."""
        me = json.loads(self.run_it("status", "set", "Here", "--for", "2h", "--json", socket="user"))
        self.assertEqual(me["status"], "Here")
        self.assertIn(f"{me['login']}: Here, until ", self.run_it("status", "show", socket="user"))
        self.run_it("user", "add", "ada", "--plan", "To count")
        self.run_it("user", "edit", "ada", "--plan", "x", socket="user", code=77)
        self.environment["FINGERPOST_TOKEN"] = self.run_it("token", "issue", "ada", "--scope", "status:set").strip()
        self.assertEqual(self.run_it("status", "set", "By token", socket="user"), "ada: By token\n")
        self.assertIn("takes no commands for administrators", self.run_it("token", "list", socket="user", code=77))
        self.assertIn("ada", self.run_it("list", socket="user"))

    def test_backup_and_restore(self) -> None:
        """A backup is a file for its owner alone, and takes the place of what came after it."""
        self.run_it("status", "set", "Before", "--user", "ada")
        backup = Path(self.path("backup"))
        made = json.loads(self.run_it("backup", str(backup), "--json"))
        self.assertEqual(made["bytes"], backup.stat().st_size)
        self.assertEqual(backup.stat().st_mode & 0o777, 0o600)
        self.run_it("status", "set", "After", "--user", "ada")
        self.run_it("restore", str(backup), code=130, stdin="n\n")
        self.assertIn("After", self.run_it("status", "show", "ada"))
        restored = json.loads(self.run_it("restore", str(backup), "--yes", "--json"))
        self.assertNotEqual(restored["epoch"], made["epoch"])
        again = self.shell(f"{' '.join(map(shlex.quote, PROGRAM))} restore --yes {backup}", 0)
        self.assertIn("revoked since the backup was made are valid again", again)
        self.assertIn("Before", self.run_it("status", "show", "ada"))
        self.write("nonsense", "nonsense")
        self.run_it("restore", self.path("nonsense"), "--yes", code=65)
        self.run_it("restore", self.path("missing"), "--yes", code=66)
        self.run_it("backup", self.path("no/where"), code=73)
        self.assertEqual([name for name in os.listdir(self.folder) if name.startswith(".backup")], [])

    def test_interrupted_import(self) -> None:
        """^C says at which line it stopped, and the same command goes on from there."""
        path = self.many(200_000)
        process = self.begin("user", "import", path)
        state = self.folder / ".local" / "state" / "fingerpost"
        until(lambda: state.exists() and list(state.glob("*.json")), "the state of the import")
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=20)[1]
        self.assertEqual(process.returncode, 130)
        self.assertRegex(said, r"^Stopped behind line [1-9]\d* of .*; the same command goes on from there\n$")
        line = said.split()[3]
        process = self.begin("user", "import", path)
        self.assertIn(f"Going on behind line {line} of", process.stderr.readline())

    def test_interrupted_waiting(self) -> None:
        """^C ends the wait for a store that hangs, quietly; programs are told."""
        self.store.process.send_signal(signal.SIGSTOP)
        self.addCleanup(self.store.process.send_signal, signal.SIGCONT)
        processes = self.begin("list"), self.begin("user", "import", self.many(10), "--json")
        time.sleep(1.0)
        for process in processes:
            process.send_signal(signal.SIGINT)
        quiet, told = (process.communicate(timeout=10) for process in processes)
        self.assertEqual((quiet, told[0]), (("", ""), ""))
        self.assertEqual(json.loads(told[1])["error"]["kind"], "interrupted")
        self.assertEqual([process.returncode for process in processes], [130, 130])

    def test_closed_pipe(self) -> None:
        """A reader that has enough is no error."""
        self.run_it("user", "import", self.many(5000))
        for command in ("list", "user export", "list --json"):
            process = self.begin(*command.split())
            process.stdout.readline()
            process.stdout.close()
            process.stdout = None
            self.assertEqual(process.communicate(timeout=20)[1], "", command)
            self.assertEqual(process.returncode, 0, command)

    def test_output_that_cannot_be_written(self) -> None:
        """A full disk, and a stdout that is closed, are told in a sentence; a token that was lost is revoked."""
        self.run_it("user", "add", "ada")
        program = " ".join(map(shlex.quote, PROGRAM))
        issue = f"{program} token issue ada --scope status:set"
        for command in ("list --all", "user export", "completion bash"):
            for where in (">/dev/full", ">&-"):
                self.assertIn("cannot be written", self.shell(f"{program} {command} {where}", 73))
        self.assertIn("cannot be written", self.shell(f"{program} --help >/dev/full", 73))
        for command in (f"{issue} >/dev/full", f"{issue} >&-", f"{issue} --json >/dev/full"):
            self.assertIn("and is revoked again", self.shell(command, 73))
        self.assertEqual(
            [json.loads(line)["state"] for line in self.run_it("token", "list", "--json").splitlines()], ["revoked"] * 3
        )
        self.assertIn("empty", self.shell(f"{program} user passwd ada <&-", 65))
        self.assertIn("closed", self.shell(f"{program} user import - <&-", 66))
        self.shell(f"{issue} 2>/dev/full >{self.path('token')}", 0)
        self.assertIn("valid", self.run_it("token", "list"))

    def shell(self, line: str, code: int) -> str:
        """What a line for a shell says on stderr."""
        environment = {**self.environment, "PYTHONUNBUFFERED": ""}  # as people have it
        done = subprocess.run(
            line, shell=True, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertLessEqual(len(done.stderr.splitlines()), 2)
        return done.stderr

    def test_interrupted_at_the_beginning(self) -> None:
        """^C while the program is still loading ends it as quietly as later."""
        (self.folder / "click.py").write_text("import os, signal; os.kill(os.getpid(), signal.SIGINT)")
        line = f"PYTHONPATH={shlex.quote(str(self.folder))} {' '.join(map(shlex.quote, PROGRAM))} list"
        self.assertEqual(self.shell(line, 130), "")

    def test_nobody_there(self) -> None:
        """A store that is not running is said to be so."""
        self.stop_all()
        self.assertIn("is not running", self.run_it("list", code=69))
        (self.folder / "admin.sock").unlink(missing_ok=True)
        self.assertIn("there is no", self.run_it("list", code=69))

    def test_password_on_a_terminal(self) -> None:
        """On a terminal a password is asked for twice, and not shown."""
        self.run_it("user", "add", "ada")
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(PROGRAM[0], [*PROGRAM, "user", "passwd", "ada"], self.environment)
        shown = self.talk(
            terminal, (b"New password: ", b"correct horse\n"), (b": ", b"correct horse\n"), (b"ada has", b"")
        )
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
        self.assertNotIn(b"horse", shown)
        self.run_it("status", "set", "x", "--user", "ada", "--password", stdin="correct horse\n")

    def test_bar_on_a_terminal(self) -> None:
        """On a terminal there is a bar."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(PROGRAM[0], [*PROGRAM, "user", "import", self.many(2000)], self.environment)
        shown = self.talk(terminal, (b"people taken in", b""))
        os.waitpid(pid, 0)
        self.assertIn(b"Importing", shown)
        self.assertIn(b"100%", shown)

    def talk(self, terminal: int, *exchange: tuple[bytes, bytes]) -> bytes:
        """Wait on a terminal for something, write something, and so on; all that was shown."""
        shown = b""
        for wanted, answer in exchange:
            start = len(shown)
            while wanted not in shown[start:]:
                shown += os.read(terminal, 4096)
            os.write(terminal, answer)
        return shown

    def test_installed(self) -> None:
        """The distribution installs the program."""
        done = subprocess.run([BIN / "fingerctl", "--version"], capture_output=True, text=True, check=True, timeout=20)
        self.assertRegex(done.stdout, r"^fingerctl \d")
