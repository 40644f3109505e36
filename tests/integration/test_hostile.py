"""Input that nobody means well with, at a running finger service."""

from __future__ import annotations

import random
import socket
import time

import pytest

from tests.integration.processes import ServicesTestCase, ask, until

pytestmark = pytest.mark.integration

LONG = "x" * 200

# What `nmap -sV` and others throw at a port.
PROBES = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100,
    b"GET / HTTP/1.0\r\n\r\n",
    b"OPTIONS * RTSP/1.0\r\n\r\n",
    b"\x03\x00\x00\x0b\x06\xe0\x00\x00\x00\x00\x00",
    b"JRMI\x00\x02\x4b",
    b"\x00" * 64,
    b"\xff\xfb\x03\xff\xfd\x01\r\n",
    b"/W " * 100 + b"\r\n",
    b"@" * 500 + b"\r\n",
    b"a," * 250 + b"\r\n",
)


class HostileTests(ServicesTestCase):
    """Everything in one process, without limits."""

    def setUp(self) -> None:
        super().setUp()
        made = self.tcp_socket()
        self.address = made.getsockname()
        made.close()
        self.write("users", "moshez: Happy and well\n" + "".join(f"user{n}: {LONG}\n" for n in range(400)))
        self.write("fingerpost.yaml", {
            "finger": {
                "listen": f"tcp:{self.address[1]}:interface=127.0.0.1",
                "limits": {"rate": 0, "per_address": 0, "total": 0},
                "policy": {"list_limit": 1000},
            },
            "setter": {"listen": f"unix:{self.path('set.sock')}"},
        })  # fmt: skip
        self.service = self.start("fingerpost", "--file", "users", "--config", "fingerpost.yaml")
        self.answers(self.address, b"\r\n", b"user399")

    def clean(self, answer: bytes) -> None:
        """An answer is lines that end in CRLF, without control characters."""
        self.assertEqual(answer.count(b"\n"), answer.count(b"\r\n"))
        self.assertEqual(answer.count(b"\r"), answer.count(b"\r\n"))
        self.assertFalse([byte for byte in answer if byte < 32 and byte not in b"\r\n"])
        answer.decode("utf-8")

    def test_random_bytes(self) -> None:
        """Random bytes in random pieces are answered cleanly, without a hang; the service prints no traceback."""
        seed = random.randrange(2**32)
        self.addCleanup(lambda: print(f"seed {seed}") if self.service.process.poll() else None)  # noqa: T201
        dice = random.Random(seed)
        alphabets = (bytes(range(256)), b"/W @,a\r\n", b"moshez/w\t ")
        for _ in range(150):
            data = bytes(dice.choices(dice.choice(alphabets), k=dice.randrange(1, 700)))
            cuts = sorted(dice.choices(range(len(data) + 1), k=dice.randrange(4)))
            pieces = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
            answer = ask(self.address, *pieces, pause=dice.choice((0, 0, 0.002)))
            self.assertTrue(answer.endswith(b"\r\n"), (seed, data))
            self.clean(answer)

    def test_probes(self) -> None:
        """What port scanners send gets a sentence."""
        for probe in PROBES:
            answer = ask(self.address, probe)
            self.assertTrue(answer.endswith(b"\r\n"), probe)
            self.clean(answer)

    def test_answer_survives_unread_input(self) -> None:
        """A client that sends 70 kB behind its query gets the whole answer and an orderly end."""
        whole = until(lambda: (a := ask(self.address, b"\r\n")) and a.count(b"\r\nuser") == 400 and a, "the whole list")
        self.assertGreater(len(whole), 20_000)
        for _ in range(5):
            self.assertEqual(ask(self.address, b"\r\n", b"x" * 70_000), whole)

    def test_slow_reader(self) -> None:
        """A client that reads slowly gets the whole answer."""
        whole = ask(self.address, b"/W\r\n")
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            client.settimeout(10)
            client.connect(self.address)
            client.sendall(b"/W\r\n")
            got = b""
            while data := client.recv(2000):
                got += data
                time.sleep(0.005)
        self.assertEqual(got, whole)

    def test_abrupt_clients(self) -> None:
        """Clients that reset the connection at any moment leave nothing behind."""
        for data in (b"", b"mos", b"moshez\r\n", b"\r\n"):
            for _ in range(20):
                with socket.create_connection(self.address) as client:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
                    client.sendall(data)
        self.assertIn(b"Happy", ask(self.address, b"moshez\r\n"), self.service.printed())

    def test_byte_by_byte(self) -> None:
        """A query in one-byte packets is answered, over a client that never closes its side first."""
        pieces = [bytes([byte]) for byte in b"moshez\r\n"]
        self.assertIn(b"Happy and well", ask(self.address, *pieces, half_close=False, pause=0.005))

    def test_setter(self) -> None:
        """Nothing but two good lines sets anything."""
        for data in (b"", b"moshez\n", b"moshez\na\nb\n", b"moshez\n\xff\n", b"moshez\n" + b"x" * 5000, b"\n\n"):
            self.assertTrue(ask(self.path("set.sock"), data).startswith(b"ERROR: "), data)
        self.assertIn(b"Happy and well", ask(self.address, b"moshez\r\n"))
        self.assertTrue(ask(self.path("set.sock"), b"moshez\nnew\n").startswith(b"OK moshez: new"))
        until(lambda: b"Status: new" in ask(self.address, b"moshez\r\n"), "the new status", 2)
