"""Accounts, privacy, expiry and backups with real processes: the store, finger, the setter, and fingerctl."""

from __future__ import annotations

import json
import os
import pwd
import signal
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.integration.processes import BIN, Running, ServicesTestCase, ask, free_port, until

pytestmark = pytest.mark.integration

CHEAP = {"time_cost": 1, "memory_cost": 8, "parallelism": 1}


class AccountsTests(ServicesTestCase):
    """A whole machine's worth of services in a folder."""

    def setUp(self) -> None:
        super().setUp()
        self.finger = ("127.0.0.1", free_port())
        self.setter = ("127.0.0.1", free_port())
        self.store = self.start_store()
        listen = f"tcp:{self.finger[1]}:interface=127.0.0.1"
        config = self.write("finger.yaml", {"store": f"unix:{self.path('read.sock')}", "listen": listen})
        self.finger_service = self.start("finger", "--config", config)

    def start_store(self, folder: str = "", **more: Any) -> Running:
        where = Path(self.path(folder))
        where.mkdir(exist_ok=True)
        listen = {name: f"unix:{where / name}.sock:mode=600" for name in ("read", "write", "admin")}
        config = {"engine": f"sqlite:{where / 'status.db'}", "listen": listen, "proofs": {"argon2": CHEAP}, **more}
        store = self.start("finger-store", "--config", self.write(f"{folder}store.yaml", config))
        until((where / "admin.sock").exists, "the admin socket is there")
        return store

    def start_setter(self) -> None:
        config = {
            "store": f"unix:{self.path('write.sock')}",
            "listen": f"tcp:{self.setter[1]}:interface=127.0.0.1",
            "listen_user": f"unix:{self.path('user.sock')}:mode=600",
        }
        self.start("finger-setter", "--config", self.write("setter.yaml", config))
        until(Path(self.path("user.sock")).exists, "the users' socket is there")

    def ctl(self, *arguments: str, to: str = "admin.sock", code: int = 0, given: str = "") -> str:
        """What fingerctl prints; where it should fail, what it says on stderr."""
        done = subprocess.run(
            [str(BIN / "fingerctl"), "--socket", self.path(to), *arguments],
            capture_output=True,
            text=True,
            input=given,
            timeout=30,
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "XDG_STATE_HOME": self.path("state")},
        )
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        return done.stderr if code else done.stdout

    def fingered(self, query: bytes, wanted: bytes) -> bytes:
        return self.answers(self.finger, query, wanted)

    def asked_from(self, source: str, query: bytes) -> bytes:
        with socket.create_connection(self.finger, timeout=10, source_address=(source, 0)) as client:
            client.sendall(query)
            got = b""
            while data := client.recv(65536):
                got += data
            return got

    def test_from_account_to_finger(self) -> None:
        """Root makes an account and a token; whoever has the token sets the status over TCP; finger shows it."""
        self.start_setter()
        self.ctl("user", "add", "moshez", "--full-name", "Moshe Zadka")
        token = self.ctl("token", "issue", "moshez", "--scope", "status:set").strip()
        self.answers(self.setter, f"moshez\r\nHappy and well\r\n{token}\r\n".encode(), b"OK moshez")
        self.fingered(b"moshez\r\n", b"Happy and well")
        refused = ask(self.setter, b"moshez\r\nowned\r\nfp_guess\r\n")
        other = ask(self.setter, f"shawn\r\nowned\r\n{token}\r\n".encode())
        self.assertEqual(refused, other)
        self.assertIn(b"ERROR", refused)
        row = json.loads(self.ctl("token", "list", "moshez", "--json"))
        self.ctl("token", "revoke", row["id"])
        self.assertEqual(ask(self.setter, f"moshez\r\nowned\r\n{token}\r\n".encode()), refused)
        self.assertNotIn(b"owned", ask(self.finger, b"moshez\r\n") + ask(self.finger, b"shawn\r\n"))
        self.assertNotIn(token, self.store.printed())

    def test_ones_own_status(self) -> None:
        """Whoever has a login here sets their own status through the setter, and sees it, without an account."""
        self.start_setter()
        own = pwd.getpwuid(os.geteuid()).pw_name
        self.ctl("status", "set", "here", "--for", "2h", to="user.sock")
        self.assertIn("here", self.ctl("status", "show", to="user.sock"))
        self.fingered(f"{own}\r\n".encode(), b"until")
        self.ctl("status", "set", "owned", "--user", "moshez", to="user.sock", code=77)
        self.ctl("user", "add", "shawn", to="user.sock", code=77)
        self.ctl("status", "show", "nosuch", to="user.sock", code=67)

    def test_passwords(self) -> None:
        """A password that root gives is good, and a wrong one is refused, through the setter too."""
        self.start_setter()
        self.ctl("user", "add", "shawn")
        self.ctl("user", "passwd", "shawn", given="correct horse\n")
        good, bad = "correct horse\n", "wrong horse\n"
        set_it = ("status", "set", "here", "--user", "shawn", "--password")
        self.ctl(*set_it, to="user.sock", given=good)
        self.fingered(b"shawn\r\n", b"here")
        for _ in range(5):
            self.assertIn("not allowed", self.ctl(*set_it, to="user.sock", given=bad, code=77))
        self.assertIn("Too many", self.ctl(*set_it, to="user.sock", given=good, code=77))

    def test_who_may_see_what(self) -> None:
        """What the site says takes effect by a reload; askers from its networks see more than others."""
        self.ctl("user", "add", "moshez", "--office", "Room 1", "--email", "m@example.org")
        self.fingered(b"moshez\r\n", b"Room 1")
        disclosure = {"local": ["127.0.0.1/32"], "fields": {"office": "local", "email": "member"}}
        config = json.loads(Path(self.path("store.yaml")).read_text()) | {"disclosure": disclosure}
        self.write("store.yaml", config)
        self.store.process.send_signal(signal.SIGHUP)
        until(lambda: b"m@example.org" not in ask(self.finger, b"moshez\r\n"), "members alone see it")
        until(lambda: b"Room 1" not in self.asked_from("127.0.0.2", b"moshez\r\n"), "strangers don't see it")
        self.assertIn(b"Room 1", ask(self.finger, b"moshez\r\n"))
        shown = {line["field"] for line in self.explained("world") if line["shown"] and line["value"]}
        self.assertEqual(shown, set())
        shown = {line["field"] for line in self.explained("local") if line["shown"] and line["value"]}
        self.assertEqual(shown, {"office"})
        self.ctl("user", "hide", "moshez")
        unknown = ask(self.finger, b"nobody1\r\n").replace(b"nobody1", b"moshez")
        until(lambda: ask(self.finger, b"moshez\r\n") == unknown, "hidden is unknown")
        self.assertEqual(ask(self.finger, b"/W moshez\r\n"), unknown)

    def explained(self, asker: str) -> list[dict[str, Any]]:
        fields: list[dict[str, Any]] = json.loads(self.ctl("explain", "moshez", "--as", asker, "--json"))["fields"]
        return fields

    def test_expiry_over_a_restart(self) -> None:
        """A status whose time is over while the store is down gives way to the one before as soon as it is up."""
        self.ctl("status", "set", "at work", "--user", "moshez")
        self.ctl("status", "set", "lunch", "--user", "moshez", "--for", "2s")
        self.fingered(b"moshez\r\n", b"lunch")
        self.store.end(signal.SIGKILL)
        threading.Event().wait(2.0)
        os.unlink(self.path("admin.sock"))
        self.store = self.start_store()
        self.fingered(b"moshez\r\n", b"at work")

    def test_backup_under_load_and_restore(self) -> None:
        """Every set that was acknowledged before a backup began is in it; who follows the restored store sees it."""
        said: list[int] = []
        stop = threading.Event()

        def keep_setting() -> None:
            while not stop.is_set():
                self.ctl("status", "set", f"number {len(said)}", "--user", f"u{len(said)}")
                said.append(len(said))

        setting = threading.Thread(target=keep_setting)
        setting.start()
        until(lambda: len(said) >= 5, "some are set", 20)
        before = len(said)
        self.ctl("backup", self.path("backup"))
        stop.set()
        setting.join()
        self.assertEqual(os.stat(self.path("backup")).st_mode & 0o777, 0o600)
        self.start_store("other")
        port = free_port()
        listen = f"tcp:{port}:interface=127.0.0.1"
        config = {"store": f"unix:{self.path('other')}/read.sock", "listen": listen}
        other = self.start("finger", "--config", self.write("otherfinger.yaml", config))
        self.answers(("127.0.0.1", port), b"u0\r\n", b"no such user")
        self.ctl("restore", self.path("backup"), "--yes", to="other/admin.sock")
        self.answers(("127.0.0.1", port), b"u0\r\n", b"number 0")
        for number in range(before):
            self.assertIn(f"number {number}".encode(), ask(("127.0.0.1", port), f"u{number}\r\n".encode()))
        self.assertEqual(other.printed().count("Loaded "), 2)
        self.ctl("restore", self.write("nothing", "x"), "--yes", to="other/admin.sock", code=65)
        self.ctl("status", "set", "goes on", "--user", "u0", to="other/admin.sock")
        self.answers(("127.0.0.1", port), b"u0\r\n", b"goes on")
