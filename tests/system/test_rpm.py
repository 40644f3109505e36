"""The .rpms, on a Debian that is made to look like Fedora where they need it; the essential part of the other tests."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.system.load import UNLIMITED, under_load
from tests.system.machine import Machine

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]

# twistd's name, and where Python packages are.
FEDORA = """
ln -s twistd3 /usr/bin/twistd
echo /usr/lib/python3.13/site-packages >/usr/lib/python3/dist-packages/fedora.pth
"""


def rpm(machine: Machine, verb: str, packages: Path) -> None:
    """Install or upgrade all packages of a folder; that systemd reads the units is seen to by triggers in Fedora."""
    folder = f"/root/{packages.name}"
    machine.send(packages, folder)
    machine.sh(f"rpm --nodeps {verb} {folder}/*.rpm; systemctl daemon-reload", seconds=180)


@pytest.fixture(scope="module")
def fedora(bare: Machine, debs: Path, rpms: Path) -> Machine:
    """A machine with the .rpms, what the .debs would have apt install, and moshez in its users file."""
    fields = [["dpkg-deb", "--field", str(deb), "Depends"] for deb in debs.iterdir()]
    needs = re.findall(r"python3-[a-z0-9.-]+", "".join(subprocess.check_output(field, text=True) for field in fields))
    bare.run("apt-get", "install", "--yes", "--no-install-recommends", *needs, seconds=180)
    bare.sh(FEDORA)
    rpm(bare, "--install", rpms)
    bare.put("/etc/users", "moshez: Happy and well\n")
    bare.put("/etc/fingerpost/store.yaml", "sources: [{type: file, path: /etc/users}]\n")
    bare.put("/etc/fingerpost/finger.yaml", UNLIMITED)
    return bare


def test_requirements(fedora: Machine, rpms: Path) -> None:
    """An .rpm requires what its Python package does, under the names that every distribution with rpm has for it."""
    for code, package in [
        ("shared", "common"),
        *((f"services/{name}", name) for name in ("web", "irc", "pb", "finger")),
    ]:
        project = tomllib.loads((ROOT / code / "pyproject.toml").read_text())["project"]
        given = fedora.sh(f"rpm --query --package --requires /root/{rpms.name}/fingerpost-{package}-*.rpm")
        given += fedora.sh(f"rpm --query --package --requires /root/{rpms.name}/fingerpost-common-*.rpm")
        for requirement in project["dependencies"]:
            name = requirement.partition(">")[0].lower()
            assert name == "fingerpost" or f"python3dist({name})" in given, f"{package} requires {name}"


def test_finger(fedora: Machine) -> None:
    """`systemctl enable --now finger.socket` is enough for a question to be answered."""
    fedora.run("systemctl", "enable", "--now", "finger.socket")
    assert fedora.state("finger.service") == "inactive"
    assert "Happy and well" in fedora.run("finger", "moshez@localhost")
    assert fedora.shown("finger.service", "User") == "fingerpost-finger"
    assert fedora.run("systemctl", "is-system-running").strip() == "running"


def test_setter(fedora: Machine) -> None:
    """A person's own status is set through the setter's UNIX socket, and finger shows it."""
    fedora.run("systemctl", "start", "finger-setter.socket")
    ask = "useradd ada; printf 'ada\\nOut for lunch\\n' | setpriv --reuid=ada nc -NU /run/fingerpost/set.sock"
    assert "OK ada: Out for lunch" in fedora.sh(ask)
    fedora.until("finger ada@localhost", "Out for lunch", 2)


def test_fingerctl(fedora: Machine) -> None:
    """fingerctl is there, with its manual and what shells complete it with, and reaches both of its sockets."""
    fedora.run("systemctl", "start", "finger-setter-user.socket", "finger-store-admin.socket")
    fedora.sh("setpriv --reuid=ada fingerctl status set 'In the garden'; fingerctl user edit ada --office 'Room 7'")
    assert "Room 7" in fedora.until("finger ada@localhost", "Room 7", 5)
    installed = fedora.sh("rpm --query --list fingerpost-common").split()
    for shell, path in (
        ("bash", "bash-completion/completions/fingerctl"),
        ("fish", "fish/vendor_completions.d/fingerctl.fish"),
        ("zsh", "zsh/site-functions/_fingerctl"),
    ):
        assert f"/usr/share/{path}" in installed
        assert fedora.run("cat", f"/usr/share/{path}") == fedora.run("fingerctl", "completion", shell)
    assert "/usr/share/man/man1/fingerctl.1.gz" in installed


def test_configuration_belongs_to_its_service(fedora: Machine) -> None:
    """Each service's configuration can be read by that service and root alone."""
    found = fedora.run("stat", "--format=%U %G %a", "/etc/fingerpost/web.yaml")
    assert found == "root fingerpost-web 640\n"


def test_upgrade(fedora: Machine, newer_rpms: Path) -> None:
    """Upgrading every package under load loses no question; the new code runs, and configuration is kept."""
    before = fedora.shown("finger.service", "MainPID")
    with under_load(fedora, "all .rpms upgraded"):
        rpm(fedora, "--upgrade", newer_rpms)
    assert fedora.shown("finger.service", "MainPID") not in (before, "0")
    assert fedora.run("cat", "/etc/fingerpost/finger.yaml") == UNLIMITED


def test_removal(fedora: Machine) -> None:
    """Removing the packages closes the ports, and keeps statuses and what was configured."""
    fedora.sh("rpm --erase $(rpm --query --all 'fingerpost*')", seconds=180)
    assert "refused" in fedora.run("finger", "moshez@localhost", check=False)
    assert "status.db" in fedora.sh("ls /var/lib/fingerpost")
    assert fedora.sh("cat /etc/fingerpost/finger.yaml*") == UNLIMITED
    assert fedora.run("systemctl", "is-system-running").strip() == "running"
