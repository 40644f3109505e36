"""A Debian 13 that boots in a container from a copy of a root, and is gone without a trace afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

__all__ = ["Failed", "Machine"]

# Of a daemon that forks, systemd in a container may lose sight, and then waits for its end for a minute and a half.
FOREGROUND = "[Service]\nType=simple\nExecStart=\nExecStart=/usr/sbin/ngircd --nodaemon\n"
REBOOTED = 133  # systemd-nspawn's exit code for a container that wants to be started again


class Failed(AssertionError):
    """A command in the machine failed."""


class Machine:
    """`folder` becomes the root, copied from a template; the network in it has nobody else on it."""

    def __init__(self, template: Path, folder: Path) -> None:
        self.root = folder
        self._console = folder.with_suffix(".console")
        subprocess.run(["cp", "-a", "--reflink=auto", str(template), str(folder)], check=True)
        settings = folder / "etc" / "systemd" / "system" / "ngircd.service.d"
        settings.mkdir(parents=True)
        (settings / "foreground.conf").write_text(FOREGROUND)
        self._container: subprocess.Popen[bytes] | None = None
        self._init = 0

    def boot(self) -> None:
        """Start it, and wait until everything that starts by itself has."""
        command = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--boot", "--private-network"]
        name = f"fingerpost-{time.monotonic_ns()}"
        with self._console.open("wb") as console:
            self._container = subprocess.Popen(
                [*command, f"--machine={name}", f"--directory={self.root}", "--console=pipe"],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
            )
        self._await(self._booted, "the machine has booted")

    def _booted(self) -> bool:
        assert self._container is not None
        if self._container.poll() is not None:
            raise Failed(f"systemd-nspawn ended: {self._console.read_text(errors='replace')}")
        children = Path(f"/proc/{self._container.pid}/task/{self._container.pid}/children").read_text().split()
        if not children or Path(f"/proc/{children[0]}/comm").read_text() != "systemd\n":
            return False
        self._init = int(children[0])
        return "running" in self.run("systemctl", "is-system-running", "--wait", check=False)

    def run(self, *command: str, user: str = "root", given: str = "", check: bool = True, seconds: float = 60) -> str:
        """What a command prints, on both of its outputs; raises `Failed` if it fails. `user` may name a group too."""
        try:
            done = subprocess.run(
                [*self._inside(user), *command],
                input=given.encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Failed(f"{' '.join(command)}: not within {seconds} s, printed {error.output!r}") from None
        printed = done.stdout.decode(errors="replace")
        if check and done.returncode:
            raise Failed(f"{' '.join(command)}: exit code {done.returncode}\n{printed}")
        return printed

    def sh(self, script: str, user: str = "root", check: bool = True, seconds: float = 60) -> str:
        """What a shell script prints."""
        return self.run("sh", "-euc", script, user=user, check=check, seconds=seconds)

    def begin(self, *command: str) -> subprocess.Popen[str]:
        """A command that runs beside what follows, until its input is closed or the machine ends."""
        return subprocess.Popen(
            [*self._inside("root"), *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def _inside(self, user: str) -> Sequence[str]:
        clean = ["env", "--ignore-environment", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "TERM=dumb"]
        user, _, group = user.partition(":")
        become = [] if user == "root" else ["setpriv", f"--reuid={user}", f"--regid={group or user}", "--init-groups"]
        return ["nsenter", "--target", str(self._init), "--all", *clean, "HOME=/root", *become]

    def put(self, path: str, text: str) -> None:
        """Write a file; one that is there keeps its owner and mode."""
        self.run("sh", "-euc", 'mkdir -p "${0%/*}"; cat >"$0"', path, given=text)

    def send(self, folder: Path, path: str) -> None:
        """Copy a folder of ours into it."""
        shutil.copytree(folder, self.root / path.lstrip("/"))

    def state(self, unit: str) -> str:
        """Whether a unit is `active`, `inactive`, `failed` ..."""
        return self.run("systemctl", "is-active", unit, check=False).strip()

    def becomes(self, unit: str, state: str) -> None:
        """Wait until a unit is in a state."""
        self._await(lambda: self.state(unit) == state, f"{unit} is {state}")

    def shown(self, unit: str, what: str) -> str:
        """A property of a unit."""
        return self.run("systemctl", "show", "--value", f"--property={what}", unit).strip()

    def journal(self, unit: str) -> str:
        """What a unit has logged since the machine booted."""
        return self.run("journalctl", "--boot", "--no-pager", "--output=cat", f"--unit={unit}")

    def until(self, script: str, wanted: str, seconds: float = 20) -> str:
        """Run a script until it prints something."""
        printed: list[str] = []

        def done() -> bool:
            printed.append(self.sh(script, check=False))
            return wanted in printed[-1]

        self._await(done, f"{script!r} prints {wanted!r}", seconds, printed)
        return printed[-1]

    def _await(self, condition: object, what: str, seconds: float = 60, printed: Sequence[str] = ()) -> None:
        assert callable(condition)
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise Failed(f"not within {seconds:.0f} s: {what}\n{printed[-1] if printed else ''}")
            time.sleep(0.1)

    def reboot(self) -> None:
        """Shut it down in order, and boot it again."""
        self.run("systemctl", "reboot", check=False)
        assert self._container is not None
        code = self._container.wait(60)
        if code not in (0, REBOOTED):
            raise Failed(f"the machine ended with {code}")
        self.boot()

    def destroy(self) -> None:
        """End it at once, and remove its root."""
        if self._container is not None and self._container.poll() is None:
            os.kill(self._init or self._container.pid, signal.SIGKILL)  # and with its init every process in it
            self._container.wait(60)
        shutil.rmtree(self.root)

    def report(self, sentence: str) -> None:
        """Something measured, for whoever reads what the tests print."""
        sys.stderr.write(f"\n    {sentence}\n")
