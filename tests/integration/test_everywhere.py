"""One status, every protocol: all frontends at once over one store, each asked by its own kind of client."""

from __future__ import annotations

import http.client
import signal
import sys
import time
import xmlrpc.client
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.integration.ircd import IRCServer, Person
from tests.integration.processes import Running, ServicesTestCase, ask, until

pytestmark = pytest.mark.integration

PB_CLIENT = Path(__file__).parents[2] / "docs" / "sample" / "pbclient.py"
UNLIMITED = {"rate": 0, "per_address": 0, "total": 0}
HOSTILE = {
    "script": "<script>alert('1')</script>",
    "entity": "&amp; &lt;b&gt; &#0; %s {0} ${x} `id`",
    "lines": "\\r\\nQUIT :owned",
    "quit": "\u240d\u240aQUIT :owned",
    "rtl": "مرحبا بالعالم",
    "emoji": "👩‍🚀🏳️‍🌈",
    "wide": "漢" * 280,
    "rpc": "RPC2",
}


class EverywhereTests(ServicesTestCase):
    """Six daemons and an IRC server."""

    def setUp(self) -> None:
        super().setUp()
        self.sockets = {name: self.unix_socket(name) for name in ("read", "write", "set")}
        self.ports = {name: self.tcp_socket() for name in ("finger", "web", "pb")}
        self.write("users", "moshez: Happy and well\n" + "".join(f"{n}: {text}\n" for n, text in HOSTILE.items()))
        self.write("store.yaml", {
            "engine": f"sqlite:{self.path('status.db')}", "sources": [{"type": "file", "path": "users"}],
        })  # fmt: skip
        self.write("setter.yaml", {"store": f"unix:{self.path('write')}", "limits": UNLIMITED})
        for name in self.ports:
            self.write(f"{name}.yaml", {"store": f"unix:{self.path('read')}", "limits": UNLIMITED})
        self.irc = IRCServer(self.folder)
        self.addCleanup(self.irc.stop)
        network = {
            "name": "test", "server": "127.0.0.1", "port": self.irc.port, "tls": False, "channels": [{"name": "#test"}],
            "burst": 1000, "pace": 0.001, "questions": {"rate": 0},
        }  # fmt: skip
        self.write("irc.yaml", {"store": f"unix:{self.path('read')}", "networks": [network]})
        self.store = self.start_store()
        self.start("finger-setter", "--config", "setter.yaml", fds={"setter": self.sockets["set"]})
        for name, listening in self.ports.items():
            plugin = "finger" if name == "finger" else f"finger-{name}"
            self.start(plugin, "--config", f"{name}.yaml", fds={name: listening})
        self.bot = self.start("finger-irc", "--config", "irc.yaml")
        self.alice = Person(self.irc.port, "alice")
        self.addCleanup(self.alice.close)
        self.alice.send("JOIN #test")
        self.alice.hear(" 366 ")
        until(lambda: "joined #test" in self.bot.printed(), "the bot in the channel", 20)
        until(lambda: b"Happy" in self.finger("moshez"), "finger")

    def start_store(self) -> Running:
        fds = {name: self.sockets[name] for name in ("read", "write")}
        return self.start("finger-store", "--config", "store.yaml", fds=fds)

    def address(self, name: str) -> Any:
        return self.ports[name].getsockname()

    def finger(self, name: str) -> bytes:
        return ask(self.address("finger"), f"{name}\r\n".encode())

    def page(self, name: str) -> str:
        host, port = self.address("web")
        connection = http.client.HTTPConnection(host, port, timeout=10)
        connection.request("GET", f"/{name}")
        document = connection.getresponse().read().decode()
        connection.close()
        return document

    def rpc(self, name: str) -> str:
        host, port = self.address("web")
        with xmlrpc.client.ServerProxy(f"http://{host}:{port}/RPC2") as finger:
            return str(finger.getUser(name))

    def pb(self, name: str) -> Running:
        """The sample client, which goes on to print changes."""
        host, port = self.address("pb")
        client = Running([sys.executable, str(PB_CLIENT), f"tcp:{host}:{port}", name], self.folder)
        self.services.append(client)
        until(lambda: "getRecord" in client.printed(), "the answers over PB")
        return client

    def whispered(self, name: str) -> str:
        """What the bot answers in private."""
        self.alice.send(f"PRIVMSG fingerpost :{name}")
        return self.alice.hear("Status of")

    def set(self, name: str, text: str) -> None:
        self.assertIn(b"OK ", ask(self.path("set"), f"{name}\n{text}\n".encode(), seconds=30))

    def test_one_status(self) -> None:
        """A status that is set once is seen by finger, on the web, over XML-RPC and PB, and announced on IRC."""
        watching = self.pb("moshez")
        self.set("moshez", "Everywhere at once")
        until(lambda: b"Everywhere at once" in self.finger("moshez"), "finger", 2)
        until(lambda: "Everywhere at once" in self.page("moshez"), "the page", 2)
        until(lambda: "Everywhere at once" in self.page(""), "the list", 2)
        until(lambda: self.rpc("moshez") == "Everywhere at once", "XML-RPC", 2)
        until(lambda: "moshez now says: Everywhere at once" in watching.printed(), "PB", 2)
        self.assertIn("moshez: Everywhere at once", self.alice.hear("Everywhere at once", seconds=2))
        self.assertIn("Everywhere at once", self.whispered("moshez"))

    def test_hostile_statuses(self) -> None:
        """Statuses that would be markup, commands or layout somewhere are text everywhere, and well formed."""
        for name, text in HOSTILE.items():
            lines = self.finger(name).split(b"\r\n")
            self.assertEqual(sum(line.startswith(b"Status: ") for line in lines), 1, name)
            self.assertIn(f"Status: {text}".encode(), lines)
            document = ElementTree.fromstring(self.page(name).partition("\n")[2])
            self.assertEqual(
                [found.text for found in document.iterfind(".//*[@class='status']/*[@class='said']")], [text]
            )
            self.assertEqual(list(document.iter("script")), [])
            self.assertEqual(self.rpc(name), text)
            heard = self.whispered(name)
            self.assertIn(f"PRIVMSG alice :Status of {name}: {text[:60]}", heard)
            self.assertLessEqual(len(heard.encode()), 510)
        client = self.pb("rtl")
        self.assertIn(f"getUser: {HOSTILE['rtl']}", client.printed())
        self.assertIn(b"reserved", ask(self.path("set"), b"RPC2\nsomething\n"))
        self.assertIn(b"ERROR", ask(self.path("set"), b"moshez\nbell \x07\n"))

    def test_store_restarts_under_load(self) -> None:
        """With the store killed and back while everybody asks, everybody is answered, and current within 2 seconds."""
        watching = self.pb("moshez")
        over = Event()
        slowest: dict[str, float] = {}
        current: set[str] = set()
        wrong: list[str] = []

        def keep_asking(what: str, question: Callable[[], object]) -> None:
            while not over.is_set():
                started = time.monotonic()
                try:
                    answer = str(question())
                except Exception as error:
                    wrong.append(f"{what}: {error!r}")
                else:
                    if "Back again" in answer:
                        current.add(what)
                    elif "Happy and well" not in answer or what in current:
                        wrong.append(f"{what}: {answer}")
                slowest[what] = max(slowest.get(what, 0), time.monotonic() - started)

        questions: dict[str, Callable[[], object]] = {
            "finger": lambda: self.finger("moshez"),
            "page": lambda: self.page("moshez"),
            "list": lambda: self.page(""),
            "XML-RPC": lambda: self.rpc("moshez"),
            "IRC": lambda: self.whispered("moshez"),
        }
        threads = [Thread(target=keep_asking, args=item) for item in questions.items()]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        self.store.end(signal.SIGKILL)
        time.sleep(1.0)
        self.store = self.start_store()
        self.set("moshez", "Back again")  # which waits for the store
        try:
            until(lambda: current == {*questions}, "everybody is current", 2)
            until(lambda: "moshez now says: Back again" in watching.printed(), "the live list is current", 2)
        finally:
            over.set()
            for thread in threads:
                thread.join(20)
        self.assertEqual([thread for thread in threads if thread.is_alive()], [])
        self.assertEqual(wrong, [])
        self.assertLess(max(slowest.values()), 5, slowest)
