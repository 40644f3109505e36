"""What an operator gets from `apt install`: sockets that answer, and services that can do nothing else."""

from __future__ import annotations

import json
import time

import pytest

from tests.system.machine import Machine

pytestmark = pytest.mark.system

SERVICES = ("finger", "finger-setter", "finger-store", "finger-web", "finger-irc", "finger-pb")
SECURE = 1.5  # the highest that `systemd-analyze security` may say

# What a taken-over service might try, run by Python in its place; prints what each attempt came to.
PROBE = """
import json, os, socket, subprocess, sys

def connect(family, address):
    with socket.socket(family) as client:
        client.settimeout(5)
        client.connect(address)

attempts = {
    "read": lambda: connect(socket.AF_UNIX, "/run/fingerpost/read.sock"),
    "write": lambda: connect(socket.AF_UNIX, "/run/fingerpost/write.sock"),
    "set": lambda: connect(socket.AF_UNIX, "/run/fingerpost/set.sock"),
    "user": lambda: connect(socket.AF_UNIX, "/run/fingerpost/user.sock"),
    "admin": lambda: connect(socket.AF_UNIX, "/run/fingerpost/admin.sock"),
    "network": lambda: connect(socket.AF_INET, ("127.0.0.1", 79)),
    "home": lambda: os.listdir("/home/ada"),
    "database": lambda: open("/var/lib/fingerpost/status.db"),
    "configuration": lambda: open("/etc/fingerpost/store.yaml"),
    "etc": lambda: open("/etc/fingerpost/mine", "w"),
    "shell": lambda: subprocess.run(["/usr/bin/true"]),
}
results = {}
for name, attempt in attempts.items():
    try:
        attempt()
        results[name] = "done"
    except OSError as error:
        results[name] = error.strerror
print("PROBED", json.dumps(results), flush=True)
"""


# What twistd would offer to run.
PLUGINS = "from twisted.plugin import IPlugin, getPlugins; print([type(p).__module__ for p in getPlugins(IPlugin)])"


def test_the_first_question_starts_it(machine: Machine) -> None:
    """`systemctl start finger.socket` is enough: the first question starts finger and the store, and is answered."""
    machine.run("systemctl", "start", "finger.socket")
    assert machine.state("finger.service") == "inactive"
    assert machine.state("finger-store.service") == "inactive"
    started = time.monotonic()
    assert "Happy and well" in machine.run("finger", "moshez@localhost")
    machine.report(f"the first answer took {time.monotonic() - started:.2f} s")
    assert machine.state("finger.service") == "active"
    assert machine.state("finger-store.service") == "active"
    assert "Happy and well" in machine.run("finger", "moshez@127.0.0.1")
    assert "Happy and well" in machine.run("finger", "moshez@::1")
    assert machine.run("systemctl", "is-system-running").strip() == "running"


def test_units_are_sound(machine: Machine) -> None:
    """systemd finds nothing to remark on in any unit."""
    verify = (
        "systemd-analyze verify --man=no /usr/lib/systemd/system/finger*.service /usr/lib/systemd/system/finger*.s*t"
    )
    assert machine.sh(verify) == ""


@pytest.mark.parametrize("service", SERVICES)
def test_sandbox_score(machine: Machine, service: str) -> None:
    """Each service is as closed as it can be and still work."""
    printed = machine.run("systemd-analyze", "security", f"{service}.service")
    exposed = float(printed.rpartition("level for")[2].split()[1])
    machine.report(f"{service} scores {exposed:.1f}")
    assert exposed <= SECURE


@pytest.mark.parametrize("service", SERVICES)
def test_sandbox_from_inside(machine: Machine, service: str) -> None:
    """A service that is taken over reaches the store's socket that it needs, and neither a file, a home nor a shell."""
    machine.sh("id ada 2>/dev/null || useradd --create-home ada")
    machine.put("/usr/lib/probe.py", PROBE)
    machine.put(
        f"/run/systemd/system/{service}.service.d/probe.conf",
        "[Service]\nType=oneshot\nRestart=no\nExecStart=\nExecStart=/usr/bin/python3 /usr/lib/probe.py\n",
    )
    machine.sh(f"systemctl daemon-reload; systemctl stop {service}.service; systemctl start {service}.service")
    probed = machine.journal(f"{service}.service").rpartition("PROBED ")[2].splitlines()[0]
    machine.sh(f"rm -r /run/systemd/system/{service}.service.d; systemctl daemon-reload")
    results = json.loads(probed)
    reads, writes = service not in ("finger-setter", "finger-store"), service == "finger-setter"
    own = "done" if service == "finger-store" else "Permission denied"
    assert results == {
        "read": "done" if reads else "Permission denied",
        "write": "done" if writes else "Permission denied",
        "set": "Permission denied" if reads else "done",
        "user": "Permission denied" if reads else "done",
        "admin": "Permission denied",
        "network": "done" if service == "finger-irc" else "Address family not supported by protocol",
        "home": "Permission denied",
        "database": own,
        "configuration": own,
        "etc": "Read-only file system",
        "shell": "Permission denied",
    }


def test_people_set_their_own_status(machine: Machine) -> None:
    """Over the setter's UNIX socket a person sets their own status and nobody else's; finger shows it at once."""
    machine.sh("id ada 2>/dev/null || useradd --create-home ada; id ben 2>/dev/null || useradd --create-home ben")
    ask = "printf '%s\\n%s\\n' {} | nc -NU /run/fingerpost/set.sock"
    assert "OK ada: Out for lunch" in machine.sh(ask.format("ada 'Out for lunch'"), user="ada")
    assert "ERROR: you are ben" in machine.sh(ask.format("ada 'Gone for good'"), user="ben")
    assert "Out for lunch" in machine.until("finger ada@localhost", "Out for lunch", 2)
    assert "ERROR: setting over TCP is off" in machine.sh("printf 'ada\\nno\\n' | nc -N 127.0.0.1 1079")


def test_configuration_belongs_to_its_service(machine: Machine) -> None:
    """Each service's configuration can be read by that service and root alone."""
    found = machine.sh("stat --format '%n %U %G %a' /etc/fingerpost/*.yaml").splitlines()
    sections = ("finger", "irc", "pb", "setter", "store", "web")
    assert found == [f"/etc/fingerpost/{name}.yaml root fingerpost-{name} 640" for name in sections]


def test_reload(machine: Machine) -> None:
    """`systemctl reload finger` takes up a changed configuration while it runs."""
    machine.run("finger", "moshez@localhost")
    before = machine.shown("finger.service", "MainPID")
    machine.put("/etc/fingerpost/finger.yaml", "policy: {list: false}\n")
    machine.run("systemctl", "reload", "finger")
    machine.until("finger @localhost", "denied", 5)
    assert machine.shown("finger.service", "MainPID") == before


def test_reboot(machine: Machine) -> None:
    """After a reboot the sockets are back, and so is every status that was set."""
    machine.sh("printf 'moshez\\nStill here\\n' | nc -NU /run/fingerpost/set.sock")
    machine.reboot()
    assert "Still here" in machine.run("finger", "moshez@localhost")
    assert machine.run("systemctl", "is-system-running").strip() == "running"


def test_everything_stops_and_starts_together(machine: Machine) -> None:
    """fingerpost.target closes all ports, and opens them again."""
    machine.run("systemctl", "stop", "fingerpost.target")
    for name in ("finger.socket", "finger.service", "finger-store.socket", "finger-store.service", "finger-web.socket"):
        machine.becomes(name, "inactive")
    machine.run("systemctl", "start", "fingerpost.target")
    assert "Still here" in machine.run("finger", "moshez@localhost")


def test_removal_keeps_and_purge_removes(machine: Machine) -> None:
    """Removing the packages keeps configuration and statuses; purging them leaves the system users and nothing else."""
    machine.run("systemctl", "enable", "--now", "finger-irc")
    machine.sh("apt-get remove --yes 'fingerpost*'", seconds=180)
    assert machine.state("finger-irc.service") == "inactive"
    kept = machine.sh("ls /var/lib/fingerpost /etc/fingerpost")
    assert "status.db" in kept
    assert "finger.yaml" in kept
    assert "refused" in machine.run("finger", "moshez@localhost", check=False)
    machine.sh("apt-get purge --yes 'fingerpost*'", seconds=180)
    names = " -o ".join(
        f"-name '{name}'" for name in ("fingerpost*", "finger-*", "finger.s*", "finger.y*", "*fingerctl*")
    )
    assert machine.sh(f"find / -xdev \\( {names} \\) -not -path '/root/*'") == ""
    assert "fingerpost" not in machine.run("python3", "-c", PLUGINS)
    assert machine.run("systemctl", "is-system-running").strip() == "running"
