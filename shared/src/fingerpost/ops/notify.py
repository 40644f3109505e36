"""Telling systemd how the service is: sd_notify(3).

systemd-python and cysystemd are C extensions for this one datagram; sdnotify waits for a full socket and swallows why.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping

__all__ = ["Notifier", "watchdog_seconds"]


class Notifier:
    """Sends to the socket at `address`, the value of $NOTIFY_SOCKET; where there is none, it does nothing.

    Sending never waits and never raises. Every method says whether nothing is left to be sent: a message that systemd
    had no room for is worth another try later.
    """

    def __init__(self, address: str | None) -> None:
        self._address = _spelled(address or "")

    def ready(self, status: str = "") -> bool:
        """The service answers (again), and `status` is what `systemctl status` shows."""
        return self._send("READY=1", f"STATUS={_line(status)}")

    def status(self, text: str) -> bool:
        """What `systemctl status` shows from now on."""
        return self._send(f"STATUS={_line(text)}")

    def reloading(self, monotonic: Callable[[], float] = time.monotonic) -> bool:
        """The configuration is being read again; `ready` ends it. `monotonic` is CLOCK_MONOTONIC in seconds."""
        return self._send("RELOADING=1", f"MONOTONIC_USEC={int(monotonic() * 1_000_000)}")

    def stopping(self) -> bool:
        """The service stops; what is said after this is about the stop."""
        return self._send("STOPPING=1", "STATUS=stopping")

    def watchdog(self) -> bool:
        """The service is well (`WatchdogSec=`)."""
        return self._send("WATCHDOG=1")

    def extend(self, seconds: float) -> bool:
        """A start, stop or reload takes so much longer, from now on."""
        return self._send(f"EXTEND_TIMEOUT_USEC={int(seconds * 1_000_000)}")

    def _send(self, *assignments: str) -> bool:
        if not self._address:
            return True
        data = "\n".join(assignments).encode("utf-8", "replace")
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending:
                sending.sendto(data, socket.MSG_DONTWAIT, self._address)
        except OSError:
            return False
        return True


def watchdog_seconds(environ: Mapping[str, str], pid: int) -> float | None:
    """How long systemd waits for `Notifier.watchdog`, if it does and this process is meant (sd_watchdog_enabled(3))."""
    if environ.get("WATCHDOG_PID", str(pid)) != str(pid):
        return None
    try:
        microseconds = int(environ.get("WATCHDOG_USEC", "0"))
    except ValueError:
        return None
    return microseconds / 1_000_000 if microseconds > 0 else None


def _spelled(address: str) -> bytes:
    """A path as it is, `@name` as the abstract socket it means, anything else (vsock) as none."""
    if address.startswith("@"):
        return b"\0" + os.fsencode(address[1:])
    return os.fsencode(address) if address.startswith("/") else b""


def _line(text: str) -> str:
    """`text` on one line: a second one would be another assignment."""
    return " ".join(text.split())
