"""What people notice while an operator restarts, upgrades or breaks the services: nothing, or a short wait."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.system.conftest import NEWER, install
from tests.system.machine import Machine

pytestmark = pytest.mark.system

LOAD = (Path(__file__).parent / "load.py").read_text()

# Sets statuses until its input ends, and prints each number that was acknowledged; runs in the machine.
SETTER = """
import itertools, select, socket, sys
for number in itertools.count():
    if select.select([sys.stdin], [], [], 0)[0]:
        break
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(30)
            client.connect("/run/fingerpost/set.sock")
            client.sendall(b"shawn\\nNumber %d\\n" % number)
            client.shutdown(socket.SHUT_WR)
            if client.recv(1000).startswith(b"OK"):
                print(number, flush=True)
    except OSError:
        pass
"""


@pytest.fixture(scope="module")
def busy(machine: Machine) -> Machine:
    """A machine whose limits let one address ask as often as it wants."""
    machine.put("/etc/fingerpost/finger.yaml", "limits: {rate: 0, per_address: 0}\n")
    machine.put("/usr/lib/load.py", LOAD)
    machine.put("/usr/lib/setter.py", SETTER)
    machine.run("finger", "moshez@localhost")
    return machine


@pytest.fixture
def under_load(busy: Machine) -> Iterator[Callable[[str], None]]:
    """Twenty clients at work; called with what was done meanwhile, ends them and sees that none noticed."""
    clients = busy.begin("python3", "/usr/lib/load.py")
    time.sleep(1)

    def unnoticed(what: str) -> None:
        time.sleep(1)
        printed, _ = clients.communicate(timeout=60)
        found = json.loads(printed)
        busy.report(f"{what}: {found['asked']} questions, the slowest took {found['slowest'] * 1000:.0f} ms")
        assert found["lost"] == []
        assert found["wrong"] == []
        assert found["asked"] > 100

    yield unnoticed
    clients.kill()
    clients.wait()


def test_restart_of_finger(busy: Machine, under_load: Callable[[str], None]) -> None:
    """Restarting finger under load loses no question."""
    for _ in range(3):
        busy.run("systemctl", "restart", "finger")
        time.sleep(0.5)
    under_load("finger restarted three times")


def test_restart_of_the_store(busy: Machine, under_load: Callable[[str], None]) -> None:
    """Restarting the store under load loses no question, and makes no answer wrong."""
    for _ in range(3):
        busy.run("systemctl", "restart", "finger-store")
        time.sleep(0.5)
    under_load("the store restarted three times")


def test_upgrade(busy: Machine, newer_debs: Path, under_load: Callable[[str], None]) -> None:
    """Upgrading every package under load loses no question; the new code runs, and configuration is kept."""
    before = {name: busy.shown(f"{name}.service", "MainPID") for name in ("finger", "finger-store")}
    install(busy, newer_debs)
    under_load("all packages upgraded")
    assert NEWER in busy.run("dpkg-query", "--show", "fingerpost-finger")
    for name, process in before.items():
        assert busy.shown(f"{name}.service", "MainPID") not in (process, "0")
    assert "rate: 0" in busy.run("cat", "/etc/fingerpost/finger.yaml")
    assert busy.run("systemctl", "is-system-running").strip() == "running"


def test_killed_again_and_again(busy: Machine) -> None:
    """finger is killed ten times in a row: its port stays open, and whoever asks is answered."""
    for _ in range(10):
        busy.until("systemctl is-active finger.service", "active\n")
        busy.run("systemctl", "kill", "--signal=KILL", "finger.service", check=False)
        assert busy.state("finger.socket") == "active"
    assert "Happy and well" in busy.run("finger", "moshez@localhost")
    assert busy.state("finger.service") == "active"


def test_the_store_killed_while_statuses_are_set(busy: Machine) -> None:
    """The store is killed five times while statuses are set: none that was acknowledged is lost."""
    setting = busy.begin("python3", "/usr/lib/setter.py")
    for _ in range(5):
        time.sleep(0.7)
        busy.run("systemctl", "kill", "--signal=KILL", "finger-store.service", check=False)
    busy.until("systemctl is-active finger-store.service", "active\n")
    time.sleep(1)
    acknowledged = [int(line) for line in setting.communicate(timeout=30)[0].split()]
    busy.report(f"the store was killed five times, and {len(acknowledged)} statuses were acknowledged")
    assert len(acknowledged) > 20
    busy.run("systemctl", "restart", "finger")
    shown = re.search(r"Number (\d+)", busy.until("finger shawn@localhost", "Number"))
    assert shown is not None
    assert int(shown[1]) >= acknowledged[-1]


def test_a_mistake_in_the_configuration(busy: Machine) -> None:
    """A mistake is explained in the journal while clients wait; once it is mended they are answered, by itself."""
    busy.put("/etc/fingerpost/finger.yaml", "limits: {rat: 0}\n")
    busy.run("systemctl", "restart", "finger", check=False)
    asking = busy.begin("finger", "moshez@localhost")
    explained = "journalctl --boot --no-pager --unit=finger.service"
    busy.until(explained, "finger.yaml:1: limits.rat: there is no such key (hint: did you mean 'rate'?)")
    time.sleep(3)
    busy.until("systemctl is-active finger.service", "activating")
    assert busy.state("finger.socket") == "active"
    assert asking.poll() is None
    busy.put("/etc/fingerpost/finger.yaml", "limits: {rate: 0, per_address: 0}\n")
    assert "Happy and well" in asking.communicate(timeout=30)[0]
    assert busy.run("systemctl", "is-system-running").strip() == "running"
