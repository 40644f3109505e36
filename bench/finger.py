"""Finger answers per second against a bare C responder and Debian's fingerd; the first answer from a cold socket."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path

from bench.kit import UNLIMITED, compare, folder, free_port, python, running, twistd, wait_for

HERE = Path(__file__).parent
CLIENTS, SECONDS = 20, 2.0


def compiled(name: str) -> str:
    """A C program of this folder."""
    built = HERE / "build" / name
    built.parent.mkdir(exist_ok=True)
    subprocess.run(["cc", "-O2", "-o", built, HERE / f"{name}.c"], check=True)
    return str(built)


def rate(load: str, port: int, name: str = "moshez") -> float:
    """Whole answers per second; a broken one ends the benchmark."""
    done = subprocess.run(
        [load, str(port), str(CLIENTS), str(SECONDS), name], check=True, capture_output=True, text=True
    )
    answers, broken = done.stdout.split()
    if int(broken):
        raise SystemExit(f"{broken} answers were broken")
    return float(answers)


def ask(port: int) -> bytes:
    """One answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(b"moshez\r\n")
        got = b""
        while data := client.recv(4096):
            got += data
        return got


def cold(where: Path) -> float:
    """Seconds from the first connection to a socket whose service is not running, to its answer."""
    port = free_port()
    command = [
        "systemd-socket-activate", f"--listen=127.0.0.1:{port}", "--fdname=finger",
        *twistd("finger", "--config", "cold.yaml"),
    ]  # fmt: skip
    with (where / "log").open("ab") as log, subprocess.Popen(command, cwd=where, stdout=log, stderr=log) as process:
        time.sleep(0.3)  # until it listens; connecting would start the service
        started = time.perf_counter()
        answer = ask(port)
        taken = time.perf_counter() - started
        process.terminate()
    if b"Happy and well" not in answer:
        raise SystemExit(f"a cold answer was {answer!r}")
    return taken


def imports() -> float:
    """Seconds that importing the reactor and AMP alone takes."""
    started = time.perf_counter()
    subprocess.run([python, "-c", "import twisted.internet.reactor, twisted.protocols.amp"], check=True)
    return time.perf_counter() - started


def main() -> None:
    """Print every ratio."""
    load, epoll = compiled("load"), compiled("epoll")
    port, bare = free_port(), free_port()
    config = {"listen": f"tcp:{port}:interface=127.0.0.1", "store": "unix:read.sock", "limits": UNLIMITED}
    files = {
        "users": "moshez: Happy and well\n",
        "store__yaml": {
            "engine": "sqlite:status.db",
            "listen": {"read": "unix:read.sock:mode=600", "write": "unix:write.sock:mode=600"},
            "sources": [{"type": "file", "path": "users"}],
        },
        "finger__yaml": config,
        "cold__yaml": config | {"listen": None},
    }
    with (
        folder(**files) as where,
        running(twistd("finger-store", "--config", "store.yaml"), where),
        running(twistd("finger", "--config", "finger.yaml"), where, port),
        running([epoll, str(bare)], where, bare),
    ):
        ask(port)
        compare("answers to a bare C epoll responder", lambda: rate(load, port), lambda: rate(load, bare), "per s")
        fingerd = shutil.which("in.fingerd", path="/usr/sbin")
        if fingerd is None:
            print("in.fingerd is not installed (Debian's fingerd), so it is not compared")
        else:
            inetd = free_port()
            activate = ["systemd-socket-activate", f"--listen=127.0.0.1:{inetd}", "--inetd", "-a", fingerd]
            with running(activate, where):
                wait_for(inetd)
                compare(
                    "answers to in.fingerd per connection",
                    lambda: rate(load, port),
                    lambda: rate(load, inetd, "root"),
                    "per s",
                    3,
                )
        compare("first answer from a cold socket to importing Twisted", lambda: cold(where), imports, "s", 7)


if __name__ == "__main__":
    main()
