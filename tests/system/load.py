"""Many clients at work in a machine while something is done to it, none of whom may notice."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.system.machine import Machine

__all__ = ["UNLIMITED", "under_load"]

ASKING = (Path(__file__).parent / "asking.py").read_text()

UNLIMITED = "limits: {rate: 0, per_address: 0}\n"  # finger.yaml where all clients have one address


@contextmanager
def under_load(machine: Machine, what: str) -> Iterator[None]:
    """Twenty clients ask from a second before until a second after; every question has to be answered rightly."""
    clients = machine.begin("python3", "-c", ASKING)
    try:
        time.sleep(1)
        yield
        time.sleep(1)
        printed, _ = clients.communicate(timeout=60)
    finally:
        clients.kill()
        clients.wait()
    found = json.loads(printed)
    machine.report(f"{what}: {found['asked']} questions, the slowest took {found['slowest'] * 1000:.0f} ms")
    assert found["lost"] == []
    assert found["wrong"] == []
    assert found["asked"] > 100
