"""Whether asking for somebody hidden takes as long as asking for nobody, as it must if neither is to be told apart.

Questions about a hidden person and an unknown one are asked in random order, and beside them ones about two other
unknown people: how far those are apart is how far apart the same thing is. Two fingers are asked: one that has every
record in memory, and one that has room for so few that it asks the store.
"""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from fingerpost.client import StoreClient
from fingerpost.interfaces import Proof
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import clientFromString
from twisted.internet.task import react

from bench.kit import UNLIMITED, folder, free_port, running, twistd

ROUNDS = 2000
HIDDEN = "heloise"
UNKNOWN = ("abelard", "bernard", "charles")  # as long as the hidden one


async def hide(reactor: Any, where: Path) -> None:
    """Have the hidden person hide, and wait until the store has said so."""
    client = StoreClient(reactor, clientFromString(reactor, f"unix:{where}/write.sock"), "bench")
    client.startService()
    await client.set_visibility(HIDDEN, True, {}, Proof("peer", HIDDEN))
    stopped = client.stopService()
    if stopped is not None:
        await stopped


def asked(port: int, line: str) -> tuple[float, bytes]:
    """Microseconds from the first to the last byte of a question, and the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        started = time.perf_counter()
        client.sendall(f"{line}\r\n".encode())
        got = b""
        while data := client.recv(4096):
            got += data
        return (time.perf_counter() - started) * 1e6, got


def until_hidden(port: int) -> None:
    """Wait until finger has heard of it."""
    for _ in range(500):
        if b"no such user" in asked(port, HIDDEN)[1]:
            return
        time.sleep(0.02)
    raise SystemExit(f"{HIDDEN} is not hidden")


def measure(port: int, verbose: str) -> dict[str, list[float]]:
    """Microseconds of each answer, by name, asked in random order."""
    names = [HIDDEN, *UNKNOWN]
    waits: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(ROUNDS):
        random.shuffle(names)
        for name in names:
            taken, answer = asked(port, f"{verbose}{name}")
            if answer != f"{name}: no such user.\r\n".encode():
                raise SystemExit(f"an answer was {answer!r}")
            waits[name].append(taken)
    return waits


def shown(what: str, ours: list[float], theirs: list[float]) -> None:
    """Print the middle and the end of two sides, and their ratios."""
    (mine, late), (other, late_other) = ((median(each), quantiles(each, n=20)[18]) for each in (ours, theirs))
    print(
        f"{what}: median {mine:.1f} us to {other:.1f} us, ratio {mine / other:.3f};"
        f" p95 {late:.1f} us to {late_other:.1f} us, ratio {late / late_other:.3f}"
    )


async def compare(reactor: Any, where: Path, ports: Mapping[str, int]) -> None:
    """Hide somebody, and print how long it takes to be told that there is no such person."""
    await hide(reactor, where)
    for kind, port in ports.items():
        until_hidden(port)
        for query, verbose in (("{U}", ""), ("/W {U}", "/W ")):
            waits = measure(port, verbose)
            shown(f"{kind}, {query}, hidden to unknown", waits[HIDDEN], waits[UNKNOWN[0]])
            shown(f"{kind}, {query}, unknown to unknown", waits[UNKNOWN[1]], waits[UNKNOWN[2]])


def main() -> None:
    """Print every ratio, and beside it that of two unknown people."""
    ports = {"all in memory": free_port(), "asking the store": free_port()}
    sizes = {"all in memory": 50_000, "asking the store": 1}
    config: dict[str, object] = {
        "users": f"{HIDDEN}: Reading\nmoshez: Happy and well\nshawn: Alive\n",
        "store__yaml": {
            "engine": "sqlite:status.db",
            "listen": {name: f"unix:{name}.sock:mode=600" for name in ("read", "write", "admin")},
            "sources": [{"type": "file", "path": "users"}],
        },
    }
    for number, (kind, port) in enumerate(ports.items()):
        config[f"finger{number}__yaml"] = {
            "listen": f"tcp:{port}:interface=127.0.0.1",
            "store": "unix:read.sock",
            "limits": UNLIMITED,
            "cache_size": sizes[kind],
        }
    one, other = ports.values()
    with (
        folder(**config) as where,
        running(twistd("finger-store", "--config", "store.yaml"), where),
        running(twistd("finger", "--config", "finger0.yaml"), where, one),
        running(twistd("finger", "--config", "finger1.yaml"), where, other),
    ):
        react(lambda reactor: Deferred.fromCoroutine(compare(reactor, where, ports)))


if __name__ == "__main__":
    main()
