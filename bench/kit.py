"""What the benchmarks share: services as real processes, and medians of pairs that ran side by side."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

__all__ = ["Side", "compare", "fingerctl", "folder", "free_port", "python", "running", "twistd", "wait_for"]

Side = Callable[[], float]

UNLIMITED = {"rate": 0, "burst": 0, "per_address": 0, "total": 0}
python = sys.executable


def twistd(*arguments: str) -> list[str]:
    """The command that runs a service."""
    return [python, str(Path(python).with_name("twistd")), "--nodaemon", "--pidfile=", *arguments]


def fingerctl(admin: Path, *arguments: str, given: bytes = b"") -> int:
    """Run fingerctl on a store's admin socket; the most memory that it has had, in MiB."""
    command = [str(Path(python).with_name("fingerctl")), "--socket", str(admin), *arguments]
    environment = os.environ | {"XDG_STATE_HOME": str(admin.parent / "state")}
    process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert process.stdin is not None
    process.stdin.write(given)
    process.stdin.close()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return usage.ru_maxrss // 1024


def free_port() -> int:
    """A port that nobody has just now."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        port: int = made.getsockname()[1]
        return port


@contextmanager
def folder(**files: object) -> Iterator[Path]:
    """A folder with some files: text as it is, everything else as JSON, which is YAML too."""
    with TemporaryDirectory(prefix="fp-") as name:
        for key, value in files.items():
            path = Path(name) / key.replace("__", ".")
            path.write_text(value if isinstance(value, str) else json.dumps(value))
        yield Path(name)


@contextmanager
def running(command: Sequence[str], where: Path, port: int | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is up while the block runs; what it prints is kept in its folder."""
    with (where / "log").open("ab") as log:
        process = subprocess.Popen(command, cwd=where, stdout=log, stderr=log, env=os.environ | {"LC_ALL": "C.UTF-8"})
    try:
        if port is not None:
            wait_for(port)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def wait_for(port: int) -> None:
    """Wait until something listens."""
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise SystemExit(f"nothing listens on port {port}")


def compare(what: str, ours: Side, theirs: Side, unit: str, rounds: int = 5) -> float:
    """Run two sides in turn, print the median of each and of their ratio pair by pair, and return the ratio."""
    pairs = [(ours(), theirs()) for _ in range(rounds)]
    ratios = sorted(a / b for a, b in pairs)
    mine, other = median(a for a, _ in pairs), median(b for _, b in pairs)
    print(f"{what}: {mine:.4g} {unit} to {other:.4g}, ratio {median(ratios):.3g} ({ratios[0]:.3g} to {ratios[-1]:.3g})")
    return median(ratios)
