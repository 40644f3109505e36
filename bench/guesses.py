"""Whether a wrong password takes as long to refuse as a name that nobody has, so that guessing does not find names.

Both are tried in random order, and beside them two other names that nobody has: how far those are apart is how far the
same thing is apart.
"""

from __future__ import annotations

import random
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from fingerpost.client import StoreClient
from fingerpost.errors import NotAllowed
from fingerpost.interfaces import Proof
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import clientFromString
from twisted.internet.task import react

from bench.kit import fingerctl, folder, running, twistd

ROUNDS = 200
KNOWN = "heloise"
UNKNOWN = ("abelard", "bernard", "charles")


async def refused(client: StoreClient, name: str) -> tuple[float, str]:
    """Milliseconds until a guess is refused, and the words."""
    began = time.perf_counter()
    try:
        await client.verify(Proof("password", f"{name}:wrong horse"))
    except NotAllowed as error:
        return (time.perf_counter() - began) * 1000, str(error)
    raise SystemExit("a wrong password was accepted")


async def measure(reactor: Any, where: Path) -> None:
    """Guess, and print how long it takes to be refused."""
    client = StoreClient(reactor, clientFromString(reactor, f"unix:{where}/write.sock"), "bench")
    client.startService()
    names = [KNOWN, *UNKNOWN]
    waits: dict[str, list[float]] = {name: [] for name in names}
    words = set()
    await refused(client, KNOWN)  # the first of all has the hash made that others are compared with
    for _ in range(ROUNDS):
        random.shuffle(names)
        for name in names:
            taken, said = await refused(client, name)
            waits[name].append(taken)
            words.add(said)
    if len(words) > 1:
        raise SystemExit(f"refused in different words: {words}")
    print(f"refused in the same words: {words.pop()}")
    shown("known to unknown", waits[KNOWN], waits[UNKNOWN[0]])
    shown("unknown to unknown", waits[UNKNOWN[1]], waits[UNKNOWN[2]])
    stopped = client.stopService()
    if stopped is not None:
        await stopped


def shown(what: str, ours: list[float], theirs: list[float]) -> None:
    """Print the middle and the end of two sides, and their ratios."""
    (mine, late), (other, late_other) = ((median(each), quantiles(each, n=20)[18]) for each in (ours, theirs))
    print(
        f"{what}: median {mine:.1f} ms to {other:.1f} ms, ratio {mine / other:.3f};"
        f" p95 {late:.1f} ms to {late_other:.1f} ms, ratio {late / late_other:.3f}"
    )


def main() -> None:
    """Give somebody a password, and guess it."""
    store = {
        "engine": "sqlite:status.db",
        "listen": {name: f"unix:{name}.sock:mode=600" for name in ("read", "write", "admin")},
        "proofs": {"attempts": 100_000, "frontend_attempts": 1_000_000},
    }
    with folder(store__yaml=store) as where, running(twistd("finger-store", "--config", "store.yaml"), where):
        while not (where / "admin.sock").exists():
            time.sleep(0.01)
        fingerctl(where / "admin.sock", "user", "add", KNOWN)
        fingerctl(where / "admin.sock", "user", "passwd", KNOWN, given=b"correct horse\n")
        react(lambda reactor: Deferred.fromCoroutine(measure(reactor, where)))


if __name__ == "__main__":
    main()
