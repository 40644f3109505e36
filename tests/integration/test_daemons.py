"""The three daemons as separate processes behind systemd's sockets, and the clients that people have."""

from __future__ import annotations

import os
import subprocess
import time

import pytest
from twisted.trial.unittest import SkipTest

from tests.integration.processes import BIN, ENVIRONMENT, Running, ServicesTestCase, ask, program, until

pytestmark = pytest.mark.integration


class SocketActivatedTests(ServicesTestCase):
    """Store, finger and setter, each started by `systemd-socket-activate` when somebody connects, with finger on 79."""

    def setUp(self) -> None:
        super().setUp()
        if os.geteuid() != 0:
            raise SkipTest("port 79 and a network namespace need root")
        activate = program("systemd-socket-activate")
        holder = subprocess.Popen([program("unshare"), "-n", "sleep", "300"])
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        self.inside = [program("nsenter"), "-t", str(holder.pid), "-n"]
        until(lambda: self.namespace(holder.pid) != self.namespace(os.getpid()), "a network namespace")
        subprocess.run([*self.inside, program("ip"), "link", "set", "lo", "up"], check=True)
        self.write("users", "moshez: Happy and well\nshawn: Alive\n")
        store = self.write("store.yaml", {
            "engine": f"sqlite:{self.path('status.db')}",
            "sources": [{"type": "file", "path": self.path("users")}],
        })  # fmt: skip
        finger = self.write("finger.yaml", {"store": f"unix:{self.path('read.sock')}"})
        setter = self.write("setter.yaml", {"store": f"unix:{self.path('write.sock')}"})
        for name, listen, names, config in (
            ("finger-store", [self.path("read.sock"), self.path("write.sock")], "read:write", store),
            ("finger", ["79"], "finger", finger),
            ("finger-setter", [self.path("set.sock"), "127.0.0.1:1079"], "setter:setter", setter),
        ):
            places = [f"--listen={place}" for place in listen]
            twistd = [str(BIN / "python"), str(BIN / "twistd"), "--nodaemon", "--pidfile="]
            command = [*self.inside, activate, *places, f"--fdname={names}", *twistd, name, "--config", config]
            self.services.append(Running(command, self.folder))
        until(lambda: all((self.folder / name).exists() for name in ("read.sock", "set.sock")), "sockets")
        until(lambda: "Listening" in self.services[1].printed(), "finger's socket")

    def namespace(self, pid: int) -> str:
        try:
            return os.readlink(f"/proc/{pid}/ns/net")
        except OSError:
            return ""

    def client(self, *command: str) -> str:
        """What a client prints in the services' network."""
        done = subprocess.run(
            [*self.inside, *command], env={**ENVIRONMENT, "TERM": "dumb"}, capture_output=True, timeout=30, check=False
        )
        return done.stdout.decode(errors="replace")

    def test_finger_and_setter(self) -> None:
        """Debian's finger is answered on port 79 from a cold start; what the setter is told is shown at once."""
        finger = program("finger")
        started = time.monotonic()
        self.assertIn("Happy and well", self.client(finger, "moshez@127.0.0.1"))
        self.assertLess(time.monotonic() - started, 10)
        self.assertIn("Happy and well", self.client(finger, "moshez@::1"))
        self.assertIn("shawn", self.client(finger, "@127.0.0.1"))
        self.assertIn("No Plan.", self.client(finger, "-l", "moshez@127.0.0.1"))
        self.assertIn("no such user", self.client(finger, "nosuch@127.0.0.1"))
        self.assertIn("forwarding service denied", self.client(finger, "moshez@elsewhere@127.0.0.1"))
        self.assertEqual(ask(self.path("set.sock"), b"moshez\r\nSet by hand\r\n"), b"OK moshez: Set by hand\r\n")
        answer = until(lambda: (a := self.client(finger, "moshez@127.0.0.1")) and "Set by hand" in a and a, "the set")
        self.assertIn("via finger", answer)
        self.assertIn("Set by hand", self.client(finger, "-l", "moshez@127.0.0.1").split("History:")[1])

    def test_lynx_and_others(self) -> None:
        """lynx, curl's gopher and a netcat that sends LF alone get the same answer."""
        self.client(program("finger"), "moshez@127.0.0.1")
        self.assertIn("Happy and well", self.client(program("lynx"), "-dump", "finger://127.0.0.1/moshez"))
        self.assertIn("No Plan.", self.client(program("lynx"), "-dump", "finger://127.0.0.1/w/moshez"))
        self.assertIn("Happy and well", self.client(program("curl"), "-s", "gopher://127.0.0.1:79/0moshez"))
        netcat = f"printf 'moshez\\n' | {program('nc')} -N 127.0.0.1 79"
        self.assertIn("Happy and well", self.client("sh", "-c", netcat))

    def test_tcp_setter_is_closed(self) -> None:
        """Over TCP nothing can be set unless that is configured."""
        netcat = f"printf 'moshez\\nno\\n' | {program('nc')} -N 127.0.0.1 1079"
        self.assertIn("ERROR: setting over TCP is off", self.client("sh", "-c", netcat))

    def test_another_user(self) -> None:
        """Over the UNIX socket, a user sets their own status and nobody else's: the kernel says who they are."""
        os.chmod(self.folder, 0o755)
        os.chmod(self.path("set.sock"), 0o666)
        netcat = f"printf '%s\\nHello\\n' $0 | {program('nc')} -NU {self.path('set.sock')}"
        asking = ["setpriv", "--reuid=daemon", "--regid=daemon", "--clear-groups", "sh", "-c", netcat]
        self.assertIn("OK daemon: Hello", self.client(*asking, "daemon"))
        self.assertIn("ERROR: you are daemon, and only moshez or root", self.client(*asking, "moshez"))

    def test_users_file_is_followed(self) -> None:
        """A line that is changed in the users file is shown within two seconds."""
        finger = program("finger")
        self.assertIn("Happy and well", self.client(finger, "moshez@127.0.0.1"))
        self.write("users", "moshez: Edited\nnonsense\nshawn: Alive\n")
        until(lambda: "Edited" in self.client(finger, "moshez@127.0.0.1"), "the edited line", 2.5)
        self.assertIn("line 2: there is no colon", self.services[0].printed())
