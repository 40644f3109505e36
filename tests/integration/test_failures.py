"""Stores that are killed, missing or late: no acknowledged status is lost, and finger goes on answering."""

from __future__ import annotations

import signal
import socket
import threading
import time

import pytest
from fingerpost.store.engine.sqlite import SQLiteEngine

from tests.integration.processes import Running, ServicesTestCase, ask, until

pytestmark = pytest.mark.integration

# twistd ends itself with the signal that stopped it once everything is done, or (Twisted 24.11) with 0.
CLEAN = (0, -signal.SIGTERM)


class FailureTests(ServicesTestCase):
    """The three daemons on sockets that outlive them, as systemd's do."""

    def setUp(self) -> None:
        super().setUp()
        self.read, self.write_, self.set = (self.unix_socket(name) for name in ("read.sock", "write.sock", "set.sock"))
        self.finger = self.tcp_socket()
        self.address = self.finger.getsockname()
        unlimited = {"rate": 0, "per_address": 0, "total": 0}
        self.write("users", "moshez: Happy and well\n")
        self.write("store.yaml", {
            "engine": f"sqlite:{self.path('status.db')}",
            "sources": [{"type": "file", "path": self.path("users")}],
        })  # fmt: skip
        self.write("finger.yaml", {"store": f"unix:{self.path('read.sock')}", "limits": unlimited})
        self.write("setter.yaml", {"store": f"unix:{self.path('write.sock')}", "limits": unlimited})

    def start_store(self) -> Running:
        fds = {"read": self.read, "write": self.write_}
        return self.start("finger-store", "--config", "store.yaml", fds=fds)

    def start_finger(self) -> Running:
        return self.start("finger", "--config", "finger.yaml", fds={"finger": self.finger})

    def start_setter(self) -> Running:
        return self.start("finger-setter", "--config", "setter.yaml", fds={"setter": self.set})

    def test_store_never_started(self) -> None:
        """With a store that never was, the answer is "temporarily unavailable" within two seconds."""
        self.start_finger()
        ask(self.address, b"warm up\r\n")
        for query in (b"moshez\r\n", b"\r\n"):
            started = time.monotonic()
            self.assertIn(b"temporarily unavailable", ask(self.address, query))
            self.assertLess(time.monotonic() - started, 2)

    def test_idle_exit(self) -> None:
        """A service that nobody asks ends with code 0, and whoever comes meanwhile is answered by the next."""
        self.start_store()
        self.write("finger.yaml", {"store": f"unix:{self.path('read.sock')}", "idle_exit": 1})
        for _ in range(2):
            finger = self.start_finger()
            self.answers(self.address, b"moshez\r\n", b"Happy and well")
            self.assertEqual(finger.process.wait(10), 0)
        with socket.create_connection(self.address) as waiting:
            waiting.sendall(b"moshez\r\n")
            self.start_finger()
            waiting.settimeout(10)
            self.assertIn(b"Login: moshez", waiting.recv(4096))

    def test_store_gone(self) -> None:
        """With the store stopped, known names are answered at once and setting is refused with a reason."""
        store = self.start_store()
        finger = self.start_finger()
        self.start_setter()
        self.answers(self.address, b"moshez\r\n", b"Happy and well")
        until(lambda: "Loaded " in finger.printed(), "the replica")
        store.end()
        started = time.monotonic()
        self.assertIn(b"Happy and well", ask(self.address, b"moshez\r\n"))
        self.assertIn(b"Happy and well", ask(self.address, b"\r\n"))
        self.assertIn(b"no such user", ask(self.address, b"nosuch\r\n"))
        self.assertLess(time.monotonic() - started, 1)
        self.assertIn(
            b"ERROR: The status store is temporarily unavailable", ask(self.path("set.sock"), b"a\nb\n", seconds=20)
        )
        self.assertIn(b"History: temporarily unavailable", ask(self.address, b"/W moshez\r\n"))

    def test_store_killed_during_sets(self) -> None:
        """kill -9 in a stream of sets: each one that was acknowledged is there, in order, and finger catches up."""
        store = self.start_store()
        finger = self.start_finger()
        self.start_setter()
        self.answers(self.address, b"moshez\r\n", b"Happy and well")
        acknowledged: list[list[int]] = [[] for _ in range(4)]
        stop = threading.Event()

        def set_many(writer: int) -> None:
            number = 0
            while not stop.is_set():
                number += 1
                answer = ask(self.path("set.sock"), f"user{writer}\nstatus {number}\n".encode(), seconds=30)
                if answer.startswith(b"OK"):
                    acknowledged[writer].append(number)

        writers = [threading.Thread(target=set_many, args=(writer,)) for writer in range(4)]
        for writer in writers:
            writer.start()
        for _ in range(3):
            time.sleep(0.7)
            store.end(signal.SIGKILL)
            store = self.start_store()
        time.sleep(1.5)
        stop.set()
        for writer in writers:
            writer.join()
        for number, numbers in enumerate(acknowledged):
            self.assertGreater(len(numbers), 20)
            self.answers(self.address, f"user{number}\r\n".encode(), f"Status: status {numbers[-1]}\r\n".encode(), 3)
        self.assertEqual(finger.printed().count("Loaded "), 1, "the replica loaded afresh instead of catching up")
        store.end()
        self.assert_all_there(acknowledged)

    def assert_all_there(self, acknowledged: list[list[int]]) -> None:
        engine = SQLiteEngine(self.folder / "status.db")
        self.addCleanup(engine.close)
        changes = engine.changes(0, 1_000_000)
        self.assertEqual([change.revision for change in changes], list(range(1, engine.revision + 1)))
        for writer, numbers in enumerate(acknowledged):
            texts = [status.text for status in reversed(engine.history(f"user{writer}", None, 1_000_000))]
            kept = [int(text.removeprefix("status ")) for text in texts]
            self.assertEqual(kept, sorted(set(kept)))
            self.assertEqual(set(numbers) - set(kept), set())

    def test_restart_loses_no_connection(self) -> None:
        """finger restarted under load: nobody is refused, cut off, or left without an answer."""
        self.start_store()
        finger = self.start_finger()
        self.answers(self.address, b"moshez\r\n", b"Happy and well")
        answers: list[bytes] = []
        failures: list[Exception] = []
        stop = threading.Event()

        def ask_on() -> None:
            while not stop.is_set():
                try:
                    answers.append(ask(self.address, b"moshez\r\n", half_close=False, seconds=20))
                except OSError as error:
                    failures.append(error)

        askers = [threading.Thread(target=ask_on) for _ in range(8)]
        for asker in askers:
            asker.start()
        for _ in range(2):
            time.sleep(0.5)
            self.assertIn(finger.end(), CLEAN)
            finger = self.start_finger()
        time.sleep(1.5)
        stop.set()
        for asker in askers:
            asker.join()
        self.assertEqual(failures, [])
        self.assertGreater(len(answers), 100)
        good = [answer for answer in answers if b"Happy and well" in answer]
        self.assertEqual(len(good), len(answers), [answer for answer in answers if answer not in good][:3])

    def test_drain(self) -> None:
        """Whoever has come is answered before the service ends, which takes no longer than ten seconds."""
        self.start_store()
        finger = self.start_finger()
        self.answers(self.address, b"moshez\r\n", b"Happy and well")
        with socket.create_connection(self.address) as client, socket.create_connection(self.address) as silent:
            client.sendall(b"mos")
            time.sleep(0.3)
            finger.process.terminate()
            time.sleep(0.5)
            self.assertIsNone(finger.process.poll())
            client.sendall(b"hez\r\n")
            client.settimeout(5)
            self.assertIn(b"Login: moshez", client.recv(4096))
            client.close()
            started = time.monotonic()
            finger.process.wait(15)
            self.assertLess(time.monotonic() - started, 11)
            silent.close()
