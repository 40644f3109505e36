"""Perspective Broker between processes: the sample client, hostile bytes, a store that dies, reload and stop."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from twisted.spread import banana

from tests.integration.processes import Running, ServicesTestCase, ask, program, until

pytestmark = pytest.mark.integration

SAMPLE = Path(__file__).parents[2] / "docs" / "sample" / "pbclient.py"
CLEAN = (0, -signal.SIGTERM)
UNLIMITED = {"rate": 0, "per_address": 0, "total": 0}


class PbTests(ServicesTestCase):
    """Store, setter and pb as separate processes, on sockets that outlive them."""

    def setUp(self) -> None:
        super().setUp()
        self.read, self.write_, self.set = (self.unix_socket(name) for name in ("read.sock", "write.sock", "set.sock"))
        self.port = self.tcp_socket()
        self.write("users", "moshez: Happy and well\nshawn: Alive\n")
        self.write("store.yaml", {
            "engine": f"sqlite:{self.path('status.db')}",
            "sources": [{"type": "file", "path": self.path("users")}],
        })  # fmt: skip
        self.write("setter.yaml", {"store": f"unix:{self.path('write.sock')}", "limits": UNLIMITED})
        self.configure()

    def configure(self, **keys: object) -> None:
        store = f"unix:{self.path('read.sock')}"
        self.write("pb.yaml", {"store": store, "listen": "fd:pb", "limits": UNLIMITED, **keys})

    def start_store(self) -> Running:
        fds = {"read": self.read, "write": self.write_}
        return self.start("finger-store", "--config", "store.yaml", fds=fds)

    def start_pb(self) -> Running:
        return self.start("finger-pb", "--config", "pb.yaml", fds={"pb": self.port})

    def say(self, login: str, text: str) -> None:
        self.assertIn(b"OK ", ask(self.path("set.sock"), f"{login}\n{text}\n".encode(), seconds=20))

    def client(self, user: str, endpoint: str | None = None) -> Running:
        """The sample client, as the page about it says to run it."""
        endpoint = endpoint or f"tcp:127.0.0.1:{self.port.getsockname()[1]}"
        client = Running([sys.executable, str(SAMPLE), endpoint, user], self.folder)
        self.addCleanup(self.done_with, client)
        return client

    def done_with(self, client: Running) -> None:
        """End a client that may be ending itself at this moment; it has printed no traceback either."""
        client.end(signal.SIGKILL)
        self.assertNotIn("Traceback", client.printed())

    def sees(self, client: Running, *lines: str) -> None:
        """Wait until a client has printed some lines."""
        for line in lines:
            until(partial(self.has, client, line), line)

    def has(self, client: Running, line: str) -> bool:
        return line in client.printed()

    def test_live_list_changes(self) -> None:
        """A program gets a status, the users, a record and the live list, and sees in it what is set elsewhere."""
        self.start_store()
        self.start("finger-setter", "--config", "setter.yaml", fds={"setter": self.set})
        pb = self.start_pb()
        until(lambda: "Loaded " in pb.printed(), "the replica")
        client = self.client("moshez")
        self.sees(client, "getUser: Happy and well", "'shawn'", "'login': 'moshez'", "moshez says: Happy and well")
        self.say("ada", "new here")
        self.sees(client, "ada now says: new here")
        self.say("moshez", "Set by hand")
        self.sees(client, "moshez now says: Set by hand")
        self.say("ada", "")
        self.sees(client, "ada has left the list")
        other = self.client("nosuch")
        self.sees(other, "getUser: No such user", "getRecord: fingerpost_pb.errors.NoSuchUser No such user.")

    def test_store_killed(self) -> None:
        """With the store killed, what is known is answered; with the next store, the live list is current again."""
        store = self.start_store()
        self.start("finger-setter", "--config", "setter.yaml", fds={"setter": self.set})
        pb = self.start_pb()
        until(lambda: "Loaded " in pb.printed(), "the replica")
        watching = self.client("moshez")
        self.sees(watching, "moshez says: Happy and well")
        store.end(signal.SIGKILL)
        late = self.client("shawn")
        self.sees(late, "getUser: Alive", "shawn says: Alive")
        self.start_store()
        self.say("shawn", "back")
        for client in (watching, late):
            self.sees(client, "shawn now says: back")

    def test_store_never_started(self) -> None:
        """With a store that never was, a call raises an error that says so."""
        self.start_pb()
        client = self.client("moshez")
        self.sees(client, "getUser: fingerpost_pb.errors.TemporarilyUnavailable The statuses are temporarily")

    def test_hostile_bytes(self) -> None:
        """Bytes that are no PB end their own connection, and nothing else."""
        self.start_store()
        pb = self.start_pb()
        until(lambda: "Loaded " in pb.printed(), "the replica")
        client = self.client("moshez")
        self.sees(client, "moshez says: Happy and well")
        start = b"".join(map(banana.encode, (b"message", 1, b"root", b"getUser", 1)))
        bomb = b"\x07\x80" + start + b"\x01\x80" * 2000 + b"\x00\x80" + banana.encode([b"dictionary"])
        for sent in (
            b"GET / HTTP/1.1\r\nHost: example.org\r\nAccept: text/html,application/xhtml+xml,*/*\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)) * 8,
            b"\x80" * 100_000,
            b"\x01\x80" * 100_000,
            b"\x7f\x7f\x7f\x82" + b"x" * 1_000_000,
            banana.encode(b"none") + bomb,
            banana.encode(b"none") + banana.encode([b"decref", b"root"]),
            banana.encode(b"none") + banana.encode([b"version", 5]),
        ):
            self.end(sent)
        asked = banana.encode(b"none") + banana.encode([b"message", 1, b"root", b"getUser", 1, [b"tuple"], 5])
        with socket.create_connection(self.port.getsockname(), 10) as stranger:
            stranger.sendall(asked)
            got = b""
            while b"BadCall" not in got:
                got += stranger.recv(65536) or self.fail("the connection ended without an answer")
        self.assertEqual(pb.printed().count("was disconnected: "), 8)
        self.assertNotIn("ended", client.printed())
        self.sees(self.client("shawn"), "getUser: Alive")

    def end(self, sent: bytes) -> None:
        """Send something, and wait for the server to close the connection."""
        with socket.create_connection(self.port.getsockname(), 10) as stranger:
            try:
                stranger.sendall(sent)
                while stranger.recv(65536):
                    pass
            except ConnectionError:
                return

    def test_a_client_that_does_not_read(self) -> None:
        """A client that asks on and on and never reads is not read from any more; others are answered as ever."""
        self.start_store()
        pb = self.start_pb()
        until(lambda: "Loaded " in pb.printed(), "the replica")
        asked = banana.encode([b"message", 1, b"root", b"getUsers", 1, [b"tuple"], [b"dictionary"]]) * 1000
        with socket.create_connection(self.port.getsockname(), 10) as stranger:
            stranger.sendall(banana.encode(b"none"))
            stranger.settimeout(1)
            with self.assertRaises(TimeoutError):
                for _ in range(2000):
                    stranger.sendall(asked)
            self.sees(self.client("shawn"), "getUser: Alive")

    def test_tls(self) -> None:
        """Over a TLS endpoint everything is as without."""
        trusted = self.folder / "trusted"
        trusted.mkdir()
        command = [program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj"]
        command += ["/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
        subprocess.run([*command, "-keyout", self.path("key.pem"), "-out", trusted / "cert.pem"], check=True)
        free = self.tcp_socket()
        number = free.getsockname()[1]
        free.close()
        self.configure(listen=f"ssl:{number}:interface=127.0.0.1:privateKey=key.pem:certKey=trusted/cert.pem")
        self.start_store()
        self.start("finger-setter", "--config", "setter.yaml", fds={"setter": self.set})
        pb = self.start("finger-pb", "--config", "pb.yaml")
        until(lambda: "Loaded " in pb.printed(), "the replica")
        client = self.client("moshez", f"tls:localhost:{number}:trustRoots={trusted}")
        self.sees(client, "getUser: Happy and well", "moshez says: Happy and well")
        self.say("moshez", "in secret")
        self.sees(client, "moshez now says: in secret")

    def test_reload(self) -> None:
        """SIGHUP takes up how much is answered."""
        self.start_store()
        pb = self.start_pb()
        until(lambda: "Loaded " in pb.printed(), "the replica")
        self.assertEqual(self.users(), "['shawn', 'moshez']")
        self.configure(users_limit=1)
        pb.process.send_signal(signal.SIGHUP)
        until(lambda: self.users() == "['shawn']", "the reload")

    def users(self) -> str:
        """What `getUsers` answers."""
        client = self.client("moshez")
        self.sees(client, "getRecord: ")
        return next(line for line in client.printed().splitlines() if line.startswith("getUsers: "))[10:]

    def test_kept_back(self) -> None:
        """What is not for everybody is not answered, from wherever it is asked."""
        self.write("store.yaml", {
            "engine": f"sqlite:{self.path('status.db')}",
            "sources": [{"type": "file", "path": self.path("users")}],
            "disclosure": {"fields": {"status": "local"}},
        })  # fmt: skip
        self.start_store()
        pb = self.start_pb()
        until(lambda: "Loaded " in pb.printed(), "the replica")
        self.sees(self.client("moshez"), "getUser: No status.", "getUsers: []", "getRecord: {'login': 'moshez', ")

    def test_stop(self) -> None:
        """SIGTERM closes the connections of clients that wait for nothing, and the service ends at once."""
        self.start_store()
        pb = self.start_pb()
        until(lambda: "Loaded " in pb.printed(), "the replica")
        client = self.client("moshez")
        self.sees(client, "moshez says: Happy and well")
        started = time.monotonic()
        self.assertIn(pb.end(), CLEAN)
        self.assertLess(time.monotonic() - started, 5)
        self.sees(client, "The connection has ended.")
        self.assertEqual(client.process.wait(10), 0)

    def test_all_in_one(self) -> None:
        """`twistd fingerpost` has the service too, over the same sockets."""
        listening = {name: {"listen": f"unix:{self.path(name)}"} for name in ("finger", "setter")}
        self.write("all.yaml", {**listening, "pb": {"listen": "fd:pb"}, "web": {"listen": f"unix:{self.path('web')}"}})
        self.start("fingerpost", "--file", "users", "--config", "all.yaml", fds={"pb": self.port})
        client: Running = until(partial(self.answered, "moshez", "getUser: Happy and well"), "an answer")
        self.assertIn(b"OK ", ask(self.path("setter"), b"moshez\nAll in one\n"))
        self.sees(client, "moshez now says: All in one")

    def answered(self, user: str, line: str) -> Running | None:
        """A client that got an answer, once the service is ready to give it."""
        client = self.client(user)
        self.sees(client, "getUser: ")
        return client if line in client.printed() else None
