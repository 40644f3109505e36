"""Running the services by hand: configuration, reload, refusals, addresses."""

from __future__ import annotations

import re
import signal
import socket
import time
from pathlib import Path

import pytest
from fingerpost.ops.config import EX_CONFIG

from tests.integration.processes import ServicesTestCase, ask, free_port, until

pytestmark = pytest.mark.integration


class RunningTests(ServicesTestCase):
    """`twistd` as an operator starts it."""

    def configured(self, **sections: object) -> str:
        others = {name: {"listen": f"unix:{self.path(name)}"} for name in ("web", "pb")}
        return self.write("fingerpost.yaml", {**others, **sections})

    def test_wrong_configuration(self) -> None:
        """A wrong configuration ends the service with exit code 78, and says file, line, key and a hint."""
        self.write("finger.yaml", "limits:\n  rat: 5\n")
        service = self.start("finger", "--config", "finger.yaml")
        self.assertEqual(service.process.wait(10), EX_CONFIG)
        self.assertIn("finger.yaml:2: limits.rat: there is no such key (hint: did you mean 'rate'?)", service.printed())

    def test_what_else_can_be_wrong(self) -> None:
        """A store file that is none, an endpoint that is none and a socket that is missing end it in a sentence."""
        self.write("not-a-database", "x" * 5000)
        for section, value, words in (
            ("store", {"engine": f"sqlite:{self.path('not-a-database')}"}, "cannot be used as a status database"),
            ("store", {"engine": "sqlite:/nosuch/folder/status.db"}, "the folder must exist"),
            ("finger", {"listen": "nonsense"}, "'nonsense' is no endpoint"),
            ("finger", {"listen": "fd:finger"}, "no socket named 'finger' was inherited"),
        ):
            self.configured(**{section: value})
            service = self.start("fingerpost", "--config", "fingerpost.yaml")
            self.assertIn(service.process.wait(10), (EX_CONFIG, 69))
            self.assertIn(words, service.printed())

    def test_port_in_use(self) -> None:
        """A port that somebody else has ends the service in a sentence."""
        taken = self.tcp_socket()
        self.configured(finger={"listen": f"tcp:{taken.getsockname()[1]}:interface=127.0.0.1"})
        service = self.start("fingerpost", "--config", "fingerpost.yaml")
        self.assertEqual(service.process.wait(10), 69)
        self.assertIn("Address already in use", service.printed())

    def test_reload(self) -> None:
        """SIGHUP takes up a changed file; a wrong one is reported, and what runs stays."""
        port = free_port()
        address = ("127.0.0.1", port)
        listen = f"tcp:{port}:interface=127.0.0.1"
        self.write("users", "moshez: Happy and well\n")
        setter = {"listen": f"unix:{self.path('set.sock')}"}
        self.configured(finger={"listen": listen}, setter=setter)
        service = self.start("fingerpost", "--file", "users", "--config", "fingerpost.yaml")
        self.answers(address, b"\r\n", b"Happy and well")
        self.configured(finger={"listen": listen, "policy": {"list": False}}, setter=setter)
        service.process.send_signal(signal.SIGHUP)
        self.answers(address, b"\r\n", b"Finger online user list denied.\r\n")
        self.configured(finger={"listen": listen, "policy": {"lost": False}}, setter=setter)
        service.process.send_signal(signal.SIGHUP)
        until(lambda: "did you mean 'list'?" in service.printed(), "the complaint")
        self.assertEqual(ask(address, b"\r\n"), b"Finger online user list denied.\r\n")
        self.configured(finger={"listen": listen, "cache_size": 5}, setter=setter)
        service.process.send_signal(signal.SIGHUP)
        until(lambda: "taken up at the next restart" in service.printed(), "the note")
        self.assertIn(b"Happy and well", ask(address, b"\r\n"))

    def test_mapped_addresses(self) -> None:
        """On a dual-stack socket, IPv4 clients are limited as themselves, and IPv6 ones apart from them."""
        port = free_port("::")
        self.write("users", "moshez: Happy and well\n")
        limits = {"rate": 0.001, "burst": 3, "per_address": 0}
        self.configured(
            finger={"listen": f"tcp:{port}:interface=\\:\\:", "limits": limits},
            setter={"listen": f"unix:{self.path('set.sock')}"},
        )
        self.start("fingerpost", "--file", "users", "--config", "fingerpost.yaml")
        six, four = ("::1", port), ("127.0.0.1", port)
        until(lambda: self.connects(six), "the port")
        while b"Too many" not in ask(six, b"\r\n"):
            pass
        got = [ask(four, b"\r\n") for _ in range(4)]
        self.assertEqual([b"Too many" in answer for answer in got], [False, False, False, True])

    def connects(self, address: tuple[str, int]) -> bool:
        try:
            socket.create_connection(address).close()
        except OSError:
            return False
        return True

    def test_everything_drains_side_by_side(self) -> None:
        """However many services have visitors who say nothing, the process ends within ten seconds or so."""
        port = free_port()
        self.configured(
            finger={"listen": f"tcp:{port}:interface=127.0.0.1"}, setter={"listen": f"unix:{self.path('set.sock')}"}
        )
        service = self.start("fingerpost", "--config", "fingerpost.yaml")
        until(lambda: self.connects(("127.0.0.1", port)), "the port")
        until(lambda: Path(self.path("set.sock")).exists(), "the setter")
        with socket.socket(socket.AF_UNIX) as first, socket.create_connection(("127.0.0.1", port)):
            first.connect(self.path("set.sock"))
            started = time.monotonic()
            service.end()
            self.assertLess(time.monotonic() - started, 13)

    def test_state_folder(self) -> None:
        """A folder that exists keeps its mode; the sockets and the database in it are for the owner alone."""
        state = self.folder / "a:b"
        state.mkdir(mode=0o755)
        self.configured(
            finger={"listen": f"tcp:{free_port()}:interface=127.0.0.1"},
            setter={"listen": f"unix:{self.path('set.sock')}"},
        )
        self.start("fingerpost", "--config", "fingerpost.yaml", "--state", str(state))
        sockets = [f"sockets/{name}.sock" for name in ("read", "write", "admin", "user")]
        until(lambda: all((state / name).exists() for name in sockets), "the sockets")
        modes = [(state / name).stat().st_mode & 0o777 for name in (".", "sockets", "status.db", *sockets)]
        self.assertEqual(modes, [0o755, 0o700, 0o600, *[0o600] * 4])

    def test_nothing_is_kept_without_a_place(self) -> None:
        """`twistd fingerpost` without `--state` keeps nothing; with it, statuses are there after a restart."""
        setter = {"listen": f"unix:{self.path('set.sock')}"}
        port = free_port()
        self.configured(finger={"listen": f"tcp:{port}:interface=127.0.0.1"}, setter=setter)
        for state, wanted in ((["--state", "state"], b"Status: kept"), ([], b"no such user")):
            service = self.start("fingerpost", "--config", "fingerpost.yaml", *state)
            self.answers(("127.0.0.1", port), b"\r\n", b"")
            self.assertIn(b"OK ", ask(self.path("set.sock"), b"ada\nkept\n"))
            self.assertIn(service.end(), (0, -signal.SIGTERM))
            service = self.start("fingerpost", "--config", "fingerpost.yaml", *state)
            self.answers(("127.0.0.1", port), b"ada\r\n", wanted)
            service.end()

    def test_leaves_nothing_behind(self) -> None:
        """A process that keeps nothing has its sockets in a folder of its own, and takes that with it."""
        self.configured(
            finger={"listen": f"tcp:{free_port()}:interface=127.0.0.1"},
            setter={"listen": f"unix:{self.path('set.sock')}"},
        )
        service = self.start("fingerpost", "--config", "fingerpost.yaml")
        found = until(lambda: re.search(r"starting on '(.*)/write.sock'", service.printed()), "the sockets")
        folder = Path(found[1])
        self.assertEqual(folder.stat().st_mode & 0o777, 0o700)
        until(
            lambda: "Loaded 0 records" in service.printed(), "the end of its start, before which a signal just kills it"
        )
        service.end()
        self.assertFalse(folder.exists())
