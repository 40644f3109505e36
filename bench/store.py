"""The store: gets over AMP, durable sets against serial SQLite commits, and how soon a set is visible elsewhere."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from statistics import quantiles
from typing import Any

from fingerpost import wire
from fingerpost.client import StoreClient
from fingerpost.interfaces import NewStatus, Proof
from fingerpost.replica import Replica
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import clientFromString
from twisted.internet.task import react

from bench.kit import UNLIMITED, folder, free_port, running, twistd

Ask = Callable[[int], Coroutine[Any, Any, Any]]


async def rate(ask: Ask, depth: int, seconds: float = 1.5) -> float:
    """Answers per second with so many questions under way."""
    end = time.perf_counter() + seconds
    done = 0

    async def keep_asking(number: int) -> None:
        nonlocal done
        while time.perf_counter() < end:
            await ask(number)
            done += 1

    started = time.perf_counter()
    await gatherResults([Deferred.fromCoroutine(keep_asking(number)) for number in range(depth)])
    return done / (time.perf_counter() - started)


def serial_commits(path: Path, seconds: float = 1.5) -> float:
    """Durable commits per second of one row each, one after the other."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    connection.execute("create table if not exists status (login text primary key, body text)")
    started, done = time.perf_counter(), 0
    while time.perf_counter() < started + seconds:
        connection.execute("insert or replace into status values (?, ?)", (f"user{done % 64}", f"status {done}"))
        done += 1
    taken = time.perf_counter() - started
    connection.close()
    return done / taken


async def measure(reactor: Any, where: Path) -> None:
    """Print every ratio."""
    client = StoreClient(reactor, clientFromString(reactor, f"unix:{where}/write.sock"), "bench")
    watcher = StoreClient(reactor, clientFromString(reactor, f"unix:{where}/read.sock"), "bench-watcher")
    replica = Replica(watcher)
    watcher.startService()
    client.startService()

    async def hello(number: int) -> Any:
        return await client.ask(wire.Hello, version=1, client="bench")

    async def get(number: int) -> Any:
        return await client.change("moshez")

    async def put(number: int) -> Any:
        login = f"user{number}"
        return await client.set_status(login, NewStatus(f"at {time.time()}", "api"), Proof("peer", login))

    for depth in (1, 10, 100):
        gets, hellos = await rate(get, depth), await rate(hello, depth)
        print(f"gets over AMP, {depth} under way: {gets:.0f} per s, {gets / hellos:.2f} of calls that look nothing up")
    for depth in (1, 16, 64):
        sets, serial = await rate(put, depth), serial_commits(where / "serial.db")
        ratio = f"{sets / serial:.2f} of serial SQLite commits ({serial:.0f})"
        print(f"durable sets, {depth} under way: {sets:.0f} per s, {ratio}")
    await visible(client, replica)
    await gatherResults([Deferred.fromCoroutine(_stop(each)) for each in (client, watcher)])


async def _stop(client: StoreClient) -> None:
    stopping = client.stopService()
    if stopping is not None:
        await stopping


async def visible(client: StoreClient, replica: Replica, sets: int = 1000) -> None:
    """How long after it was asked for, and after it was answered, a set is in another process's replica."""
    seen: dict[str, float] = {}

    def heard(change: Any) -> None:
        if change.record.status:
            seen[change.record.status.text] = time.perf_counter()

    stop = replica.watch(heard)
    asked: dict[str, float] = {}
    for number in range(sets):
        text = f"set {number}"
        asked[text] = time.perf_counter()
        await client.set_status("moshez", NewStatus(text, "api"), Proof("peer", "moshez"))
    await client.ask(wire.Hello, version=1, client="bench")
    while len(seen.keys() & asked.keys()) < sets:
        await client.ask(wire.Hello, version=1, client="bench")
    stop()
    waits = quantiles([(seen[text] - asked[text]) * 1000 for text in asked], n=100)
    print(f"set to visible in another process: p50 {waits[49]:.2f} ms, p99 {waits[98]:.2f} ms")


def main() -> None:
    """Run a store of 1,000 people, and measure it."""
    port = free_port()
    store = {
        "engine": "sqlite:status.db",
        "listen": {"read": "unix:read.sock:mode=600", "write": "unix:write.sock:mode=600"},
        "sources": [{"type": "file", "path": "users"}],
    }
    finger = {"listen": f"tcp:{port}:interface=127.0.0.1", "store": "unix:read.sock", "limits": UNLIMITED}
    users = "moshez: Happy and well\n" + "".join(f"person{n}: Status {n}\n" for n in range(999))
    with (
        folder(users=users, store__yaml=store, finger__yaml=finger) as where,
        running(twistd("finger-store", "--config", "store.yaml"), where),
        running(twistd("finger", "--config", "finger.yaml"), where, port),
    ):
        react(lambda reactor: Deferred.fromCoroutine(measure(reactor, where)))


if __name__ == "__main__":
    main()
