"""journald's native protocol (https://systemd.io/JOURNAL_NATIVE_PROTOCOL/): fields into a datagram, and its socket.

python-systemd is a C extension, and is not on PyPI as a wheel; syslog and `<3>` prefixes on stderr carry no fields and
split a traceback into a message for each line.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import struct
import time
from array import array
from collections.abc import Callable, Iterable

__all__ = ["ADDRESS", "JournalSocket", "entry"]

ADDRESS = "/run/systemd/journal/socket"

_WAIT = 0.1  # seconds that a message may wait for room
_HURRY = 1.0  # seconds in which none waits, after one has waited in vain
_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


def entry(fields: Iterable[tuple[str, str]]) -> bytes:
    """A journal entry; a value of several lines goes with its length, so that no value can pose as another field."""
    return b"".join(_field(name.encode("ascii"), value.encode("utf-8", "backslashreplace")) for name, value in fields)


def _field(name: bytes, value: bytes) -> bytes:
    if b"\n" not in value:
        return b"%s=%s\n" % (name, value)
    return b"%s\n%s%s\n" % (name, struct.pack("<Q", len(value)), value)


class JournalSocket:
    """Sends entries to journald.

    A full journal is waited for a tenth of a second, because without any waiting a burst loses a third of its
    messages. One that stays full is not waited for again for a second: it must not stop the service.
    """

    def __init__(self, address: str = ADDRESS, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._address = address
        self._monotonic = monotonic
        self._hurry_until = 0.0
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("@ll", 0, int(_WAIT * 1_000_000)))

    def close(self) -> None:
        """Send no more."""
        self._socket.close()

    def send(self, data: bytes) -> bool:
        """Send an entry; false if the journal did not take it."""
        flags = socket.MSG_DONTWAIT if self._monotonic() < self._hurry_until else 0
        try:
            self._send(data, flags)
        except BlockingIOError:
            if not flags:
                self._hurry_until = self._monotonic() + _HURRY
            return False
        except OSError:
            return False
        return True

    def _send(self, data: bytes, flags: int) -> None:
        try:
            self._socket.sendto(data, flags, self._address)
        except OSError as error:
            if error.errno not in (errno.EMSGSIZE, errno.ENOBUFS):
                raise
            self._send_file(data, flags)

    def _send_file(self, data: bytes, flags: int) -> None:
        """What is too large for a datagram goes in a sealed file of its own (`socket.send_fds` takes no address)."""
        fd = os.memfd_create("journal-entry", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        with open(fd, "wb", buffering=0) as file:
            file.write(data)
            fcntl.fcntl(fd, fcntl.F_ADD_SEALS, _SEALS)
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", [fd]))]
            self._socket.sendmsg([], rights, flags, self._address)
