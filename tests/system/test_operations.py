"""What an operator sees of a running machine, and how it gets over a hung process, a lost store and a full disk."""

from __future__ import annotations

import time

import pytest

from tests.system.machine import Machine

pytestmark = pytest.mark.system

SET = "printf 'shawn\\n{}\\n' | nc -NU /run/fingerpost/set.sock"
STATE = "/var/lib/fingerpost"


@pytest.fixture(scope="module")
def watched(machine: Machine) -> Machine:
    """A machine whose finger logs each query, and whose watchdog waits two seconds."""
    machine.put("/etc/fingerpost/finger.yaml", "log: {access: true, peers: full}\n")
    machine.put("/run/systemd/system/finger.service.d/test.conf", "[Service]\nWatchdogSec=2s\n")
    machine.run("systemctl", "daemon-reload")
    machine.run("finger", "moshez@localhost")
    return machine


def test_status(watched: Machine) -> None:
    """`systemctl status` shows in a line what each service is doing."""
    assert 'Status: "At revision' in watched.run("systemctl", "--no-pager", "status", "finger-store")
    assert 'Status: "' in watched.run("systemctl", "--no-pager", "status", "finger")


def test_queries_in_the_journal(watched: Machine) -> None:
    """Where queries are logged, the journal finds those about one person, with who asked and what came of it."""
    watched.run("finger", "shawn@127.0.0.1")
    found = watched.until(
        "journalctl --boot --no-pager --output=verbose --unit=finger FINGER_USER=shawn", "FINGER_USER"
    )
    assert "FINGER_USER=moshez" not in found
    assert "FINGER_PEER=127.0.0.1" in found
    assert "FINGER_OUTCOME=answered" in found
    assert "SYSLOG_IDENTIFIER=finger" in found


def test_a_hung_service(watched: Machine) -> None:
    """A service that hangs is ended by systemd's watchdog and started again; whoever asks meanwhile is answered."""
    before = watched.shown("finger.service", "MainPID")
    watched.sh(f"kill -STOP {before}")
    began = time.monotonic()
    assert "Happy and well" in watched.run("finger", "moshez@localhost", seconds=30)
    watched.report(f"a hung finger answered again after {time.monotonic() - began:.1f} s")
    assert watched.shown("finger.service", "MainPID") != before
    assert "result 'watchdog'" in watched.journal("finger.service")


def test_a_lost_store_is_explained(watched: Machine) -> None:
    """When the store is killed, `journalctl -x` says what that means and what to do, and that it is back."""
    watched.run("systemctl", "kill", "--signal=KILL", "finger-store")
    explained = "journalctl --boot --no-pager --catalog --unit=finger"
    printed = watched.until(explained, "Subject: The status store is away")
    assert "Runbook: Store unreachable" in printed
    assert "@FINGER" not in printed
    watched.until(f"{explained} | sed '1,/store is away/d'", "Subject: The status store is back")
    assert "Happy and well" in watched.run("finger", "moshez@localhost")


def test_a_full_disk(watched: Machine) -> None:
    """While the store's disk is full, sets are refused with the reason, and reads go on; then all is well again."""
    watched.sh(
        "systemctl stop finger-store.service finger-store.socket finger-store-write.socket;"
        f"mount -t tmpfs -o size=1m,mode=700 tmpfs {STATE}; systemctl start finger-store.service"
    )
    watched.until(SET.format("Before"), "OK shawn: Before")
    watched.sh(f"dd if=/dev/zero of={STATE}/ballast bs=4k 2>&1 || true")
    refused = watched.until(SET.format("Lost"), "ERROR")
    watched.report(f"with a full disk the setter says {refused.strip()!r}")
    assert "full" in refused
    assert "Before" in watched.run("finger", "shawn@localhost")
    assert "full" in watched.run("systemctl", "--no-pager", "status", "finger-store")
    watched.run("rm", f"{STATE}/ballast")
    watched.until(SET.format("After"), "OK shawn: After")
    watched.until("finger shawn@localhost", "After", 5)
    printed = watched.run("journalctl", "--boot", "--no-pager", "--catalog", "--unit=finger-store")
    assert "Subject: The status store can't write" in printed
    assert "Subject: The status store writes again" in printed
    assert watched.run("systemctl", "is-system-running").strip() == "running"
