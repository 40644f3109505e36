"""Builds the packages once, and boots a fresh machine with them for each file of tests."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.machine import Machine

PACKAGING = Path(__file__).parents[2] / "deploy" / "packaging"
NEWER = "9.0"  # than any release


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """These tests build packages and boot machines, so they run only when asked for."""
    return None if config.getoption("markexpr") == "system" else True


def built(kind: str, folder: Path, *version: str) -> Path:
    """A folder with the packages of one format; `build` says what is wrong where it fails."""
    subprocess.run([PACKAGING / "build", kind, folder, *version], check=True)
    return folder


@pytest.fixture(scope="session")
def debs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The .debs of this tree."""
    return built("deb", tmp_path_factory.mktemp("deb"))


@pytest.fixture(scope="session")
def newer_debs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with a higher version."""
    return built("deb", tmp_path_factory.mktemp("newer"), NEWER)


@pytest.fixture(scope="session")
def rpms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The .rpms of this tree."""
    return built("rpm", tmp_path_factory.mktemp("rpm"))


@pytest.fixture(scope="session")
def newer_rpms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with a higher version."""
    return built("rpm", tmp_path_factory.mktemp("newer"), NEWER)


@pytest.fixture(scope="session")
def template(debs: Path) -> Path:
    """A root to copy, with everything that apt needs to install the packages without a network."""
    made = subprocess.run([PACKAGING / "root", "machine", debs], check=True, stdout=subprocess.PIPE, text=True)
    return Path(made.stdout.strip())


@pytest.fixture(scope="module")
def bare(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A booted machine without any of the packages."""
    machine = Machine(template, tmp_path_factory.mktemp("machine") / "root")
    try:
        machine.boot()
        yield machine
    finally:
        machine.destroy()


@pytest.fixture(scope="module")
def machine(bare: Machine, debs: Path) -> Machine:
    """A booted machine with the packages, and moshez in its users file."""
    install(bare, debs)
    bare.put("/etc/users", "moshez: Happy and well\nshawn: Alive\n")
    bare.put("/etc/fingerpost/store.yaml", "sources: [{type: file, path: /etc/users}]\n")
    return bare


def install(machine: Machine, packages: Path) -> str:
    """Install all packages of a folder as an operator does."""
    folder = f"/root/{packages.name}"
    machine.send(packages, folder)
    environment = "DEBIAN_FRONTEND=noninteractive"
    return machine.sh(f"{environment} apt-get install --yes --no-install-recommends {folder}/*.deb", seconds=180)
