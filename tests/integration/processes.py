"""Starting services as real processes, in a network namespace of their own, and talking to them as clients do."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

__all__ = ["Running", "ServicesTestCase", "ask", "free_port", "program", "until"]

BIN = Path(sys.executable).parent
ENVIRONMENT = {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", "LANG": "C.UTF-8"}


def program(name: str) -> str:
    """The path of a program; where CI asks for every peer, a missing one fails the test instead of skipping it."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if found is None:
        if os.environ.get("FINGERPOST_REQUIRE_PEERS"):
            raise AssertionError(f"{name} is not installed, and FINGERPOST_REQUIRE_PEERS is set")
        raise SkipTest(f"{name} is not installed")
    return found


def until(condition: Callable[[], Any], what: str, seconds: float = 10.0) -> Any:
    """Wait until a condition holds, and return what it returned."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {what}")


def ask(address: Any, *pieces: bytes, half_close: bool = True, seconds: float = 10.0, pause: float = 0.0) -> bytes:
    """Everything that a server at an address (host and port, or a path) answers to some pieces of input."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family) as client:
        client.settimeout(seconds)
        client.connect(address)
        for piece in pieces:
            client.sendall(piece)
            time.sleep(pause)
        if half_close:
            client.shutdown(socket.SHUT_WR)
        got = b""
        while data := client.recv(65536):
            got += data
        return got


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody has just now, for what can't inherit a socket."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as made:
        made.bind((host, 0))
        port: int = made.getsockname()[1]
        return port


class Running:
    """A process and what it prints."""

    def __init__(self, command: Sequence[str], folder: Path, fds: dict[str, socket.socket] | None = None) -> None:
        self.log = folder / f"{Path(command[-1]).stem}-{time.monotonic_ns()}.log"
        inherited = list((fds or {}).values())
        environment = {**ENVIRONMENT, "TMPDIR": str(folder)}
        if fds:
            environment["LISTEN_FDNAMES"] = ":".join(fds)

        def inherit() -> None:  # as systemd does: descriptors from 3 on
            for number, made in enumerate(inherited):
                os.dup2(made.fileno(), 100 + number)
            for number in range(len(inherited)):
                os.dup2(100 + number, 3 + number)

        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=inherit,
                close_fds=not inherited,
                start_new_session=True,
            )

    def printed(self) -> str:
        """What the process has printed so far."""
        return self.log.read_text(errors="replace")

    def end(self, number: int = signal.SIGTERM, seconds: float = 15.0) -> int:
        """Send a signal, and return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(seconds)


class ServicesTestCase(SynchronousTestCase):
    """A folder with configuration and sockets, and the services started in it."""

    def setUp(self) -> None:
        self.folder = Path(mkdtemp(prefix="fp-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.services: list[Running] = []
        self.addCleanup(self.stop_all)

    def stop_all(self) -> None:
        """Stop every service; none of them may have printed a traceback."""
        for service in self.services:
            service.end()
        for service in self.services:
            self.assertFalse("Traceback" in service.printed(), service.printed())

    def path(self, name: str) -> str:
        """A path in the folder."""
        return str(self.folder / name)

    def write(self, name: str, value: Any) -> str:
        """A configuration file (JSON is YAML too)."""
        (self.folder / name).write_text(value if isinstance(value, str) else json.dumps(value))
        return self.path(name)

    def start(
        self, *arguments: str, fds: dict[str, socket.socket] | None = None, before: Sequence[str] = ()
    ) -> Running:
        """Start `twistd` with a service and its options."""
        command = [*before, str(BIN / "python"), str(BIN / "twistd"), "--nodaemon", "--pidfile=", *arguments]
        service = Running(command, self.folder, fds)
        self.services.append(service)
        return service

    def unix_socket(self, name: str) -> socket.socket:
        """A listening UNIX socket, as a .socket unit makes it."""
        made = socket.socket(socket.AF_UNIX)
        self.addCleanup(made.close)
        made.bind(self.path(name))
        made.listen(1024)
        return made

    def tcp_socket(self, host: str = "127.0.0.1") -> socket.socket:
        """A listening TCP socket on a free port."""
        made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.addCleanup(made.close)
        made.bind((host, 0))
        made.listen(1024)
        return made

    def answers(self, address: Any, query: bytes, wanted: bytes, seconds: float = 10.0) -> bytes:
        """Ask until the answer has something in it."""

        def asked() -> bytes | None:
            try:
                answer = ask(address, query)
            except ConnectionRefusedError:
                return None
            return answer if wanted in answer else None

        found: bytes = until(asked, f"{wanted!r} in the answer to {query!r}", seconds)
        return found
