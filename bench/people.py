"""A million people: how long importing them takes and in how much memory, and what a lookup and a start then cost.

`python -m bench.people [PEOPLE]`; lookups and starts are compared with a store of a thousand people.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from fingerpost.client import StoreClient
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import clientFromString
from twisted.internet.task import react

from bench.kit import compare, fingerctl, folder, running, twistd

LOOKUPS = 2000
FEW = 1000


def rows(path: Path, people: int) -> None:
    """Write as many people as JSON Lines."""
    with path.open("w") as file:
        for number in range(people):
            row = {
                "login": f"user{number}",
                "full_name": f"Person Number {number}",
                "office": f"Room {number % 500}",
                "status": {"text": f"working on thing {number}"},
            }
            file.write(f"{json.dumps(row)}\n")


@contextmanager
def store(where: Path, name: str) -> Iterator[int]:
    """A running store in a folder; its process id."""
    listen = {socket: f"unix:{name}-{socket}.sock:mode=600" for socket in ("read", "write", "admin")}
    config = {"engine": f"sqlite:{name}.db", "listen": listen}
    (where / f"{name}.yaml").write_text(json.dumps(config))
    with running(twistd("finger-store", "--config", f"{name}.yaml"), where) as process:
        while not (where / f"{name}-admin.sock").exists():
            time.sleep(0.01)
        yield process.pid
    for socket in listen:
        (where / f"{name}-{socket}.sock").unlink(missing_ok=True)


def peak(pid: int) -> int:
    """The most memory that a process has had, in MiB."""
    (line,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) // 1024


def take_in(where: Path, name: str, people: int) -> None:
    """Import people with fingerctl, and print what that took."""
    rows(where / f"{name}.jsonl", people)
    with store(where, name) as pid:
        began = time.perf_counter()
        ours = fingerctl(where / f"{name}-admin.sock", "user", "import", f"{where}/{name}.jsonl")
        seconds = time.perf_counter() - began
        size = (where / f"{name}.db").stat().st_size // 2**20
        print(
            f"{people} people imported in {seconds:.1f} s, {people / seconds:.0f} a second; at most {ours} MiB for "
            f"fingerctl, {peak(pid)} MiB for the store; a file of {size} MiB"
        )


async def lookups(reactor: Any, where: Path, sizes: dict[str, int]) -> None:
    """Ask both stores for random people in turn, and print the medians."""
    clients = {
        name: StoreClient(reactor, clientFromString(reactor, f"unix:{where}/{name}-read.sock"), "bench")
        for name in sizes
    }
    taken: dict[str, list[float]] = {name: [] for name in sizes}
    for client in clients.values():
        client.startService()
    for _ in range(LOOKUPS):
        for name, client in clients.items():
            login = f"user{random.randrange(sizes[name])}"
            began = time.perf_counter()
            await client.change(login)
            taken[name].append(time.perf_counter() - began)
    for client in clients.values():
        stopping = client.stopService()
        if stopping is not None:
            await stopping
    many, few = (median(times) * 1e6 for times in taken.values())
    print(f"lookup, median: {many:.0f} us of {sizes['many']} people, {few:.0f} us of {FEW}, ratio {many / few:.2f}")


def started(where: Path, name: str) -> float:
    """Seconds until a store answers."""
    began = time.perf_counter()
    with store(where, name):
        fingerctl(where / f"{name}-admin.sock", "status", "show", "user1")
        return time.perf_counter() - began


def main() -> None:
    """Import, and compare."""
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with folder() as where:
        take_in(where, "few", FEW)
        take_in(where, "many", people)
        compare("start until the first answer", lambda: started(where, "many"), lambda: started(where, "few"), "s")
        with store(where, "many"), store(where, "few"):
            react(lambda reactor: Deferred.fromCoroutine(lookups(reactor, where, {"many": people, "few": FEW})))


if __name__ == "__main__":
    main()
