"""What people notice while an operator restarts, upgrades or breaks the services: nothing, or a short wait."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from tests.system.conftest import NEWER, install
from tests.system.load import UNLIMITED, under_load
from tests.system.machine import Machine

pytestmark = pytest.mark.system

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
    """A machine that answers as many questions as are asked."""
    machine.put("/etc/fingerpost/finger.yaml", UNLIMITED)
    machine.run("finger", "moshez@localhost")
    return machine


def test_restart_of_finger(busy: Machine) -> None:
    """Restarting finger under load loses no question."""
    with under_load(busy, "finger restarted three times"):
        for _ in range(3):
            busy.run("systemctl", "restart", "finger")
            time.sleep(0.5)


def test_restart_of_the_store(busy: Machine) -> None:
    """Restarting the store under load loses no question, and makes no answer wrong."""
    with under_load(busy, "the store restarted three times"):
        for _ in range(3):
            busy.run("systemctl", "restart", "finger-store")
            time.sleep(0.5)


def test_metrics_off_and_on(busy: Machine) -> None:
    """Metrics are turned off and on under load, each by one restart, and no question is lost."""
    scrape = "curl -sS http://127.0.0.1:19079/metrics"
    with under_load(busy, "metrics turned off and on"):
        busy.sh("systemctl disable --now finger-metrics.socket; systemctl restart finger")
        assert "Could not connect" in busy.sh(scrape, check=False)
        busy.sh("systemctl enable finger-metrics.socket; systemctl restart finger")
        assert "fingerpost_build_info" in busy.sh(scrape)


def test_upgrade(busy: Machine, newer_debs: Path) -> None:
    """Upgrading every package under load loses no question; the new code runs, and configuration is kept."""
    busy.run("systemctl", "enable", "--now", "finger-irc")
    before = {name: busy.shown(f"{name}.service", "MainPID") for name in ("finger", "finger-store", "finger-irc")}
    with under_load(busy, "all packages upgraded"):
        install(busy, newer_debs)
    assert NEWER in busy.run("dpkg-query", "--show", "fingerpost-finger")
    for name, process in before.items():
        assert busy.shown(f"{name}.service", "MainPID") not in (process, "0")
    assert "rate: 0" in busy.run("cat", "/etc/fingerpost/finger.yaml")
    assert busy.run("systemctl", "is-system-running").strip() == "running"


def test_killed_again_and_again(busy: Machine) -> None:
    """finger is killed ten times in a row: its port stays open, and whoever asks is answered."""
    for _ in range(10):
        busy.becomes("finger.service", "active")
        busy.run("systemctl", "kill", "--signal=KILL", "finger.service", check=False)
        assert busy.state("finger.socket") == "active"
    assert "Happy and well" in busy.run("finger", "moshez@localhost")
    assert int(busy.shown("finger.service", "NRestarts")) >= 10


def test_the_store_killed_while_statuses_are_set(busy: Machine) -> None:
    """The store is killed five times while statuses are set: none that was acknowledged is lost."""
    setting = busy.begin("python3", "-c", SETTER)
    for _ in range(5):
        time.sleep(0.7)
        busy.run("systemctl", "kill", "--signal=KILL", "finger-store.service", check=False)
    busy.becomes("finger-store.service", "active")
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
    busy.becomes("finger.service", "activating")
    assert busy.state("finger.socket") == "active"
    assert asking.poll() is None
    busy.put("/etc/fingerpost/finger.yaml", UNLIMITED)
    assert "Happy and well" in asking.communicate(timeout=30)[0]
    assert busy.run("systemctl", "is-system-running").strip() == "running"
