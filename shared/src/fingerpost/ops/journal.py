"""The log of a process: structured entries where systemd's journal takes them, lines of text on stdout elsewhere.

    twistd --logger=fingerpost.ops.journal.observer ...

Of an event, `message_id` and whatever begins with `finger_` become fields: `journalctl FINGER_USER=moshez`.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import IO

from twisted.logger import ILogObserver, LogEvent, LogLevel, eventAsText, textFileLogObserver
from twisted.python.failure import Failure
from zope.interface import implementer

from fingerpost.ops.events import Event
from fingerpost.ops.journald import ADDRESS, JournalSocket, entry

__all__ = ["Log", "fields", "observer", "opened"]

_PRIORITIES = {"debug": 7, "info": 6, "warn": 4, "error": 3, "critical": 2}  # syslog(3)

Sink = Callable[[LogEvent, str], bool]


@implementer(ILogObserver)
class Log:
    """Hands events to a sink, which says whether it took them. `dropped` counts those that it did not take.

    `identifier` is the name of the service (SYSLOG_IDENTIFIER); `structured` says that entries have fields.
    """

    def __init__(self, sink: Sink, identifier: str = "fingerpost", *, structured: bool = False) -> None:
        self.identifier = identifier
        self.structured = structured
        self.dropped = 0
        self._missing = 0
        self._sink = sink

    def __call__(self, event: LogEvent) -> None:
        """See `ILogObserver`; after a gap, the log itself says that there was one."""
        if not self._sink(event, self.identifier):
            self.dropped += 1
            self._missing += 1
        elif self._missing and self._sink(_gap(self._missing), self.identifier):
            self._missing = 0


@cache
def observer() -> Log:
    """The log of this process, of which there is one: what twistd logs to, and where `dropped` is to be read."""
    return opened(os.environ, 2, sys.stdout)


def opened(environ: Mapping[str, str], stderr: int, stdout: IO[str], address: str = ADDRESS) -> Log:
    """A log that goes to the journal, if that is where `stderr` goes (systemd.exec(5), $JOURNAL_STREAM)."""
    if environ.get("JOURNAL_STREAM") == _identity(stderr) and Path(address).is_socket():
        journal = JournalSocket(address)
        return Log(lambda event, identifier: journal.send(entry(fields(event, identifier))), structured=True)
    return Log(_lines(stdout))


def fields(event: LogEvent, identifier: str) -> Iterator[tuple[str, str]]:
    """The fields of an event's journal entry (systemd.journal-fields(7))."""
    yield "MESSAGE", eventAsText(event, includeTimestamp=False, includeSystem=False).rstrip("\n")
    yield "PRIORITY", str(_PRIORITIES[event.get("log_level", LogLevel.info).name])
    yield "SYSLOG_IDENTIFIER", identifier
    yield "FINGER_NAMESPACE", str(event.get("log_namespace", ""))
    if event.get("message_id"):
        yield "MESSAGE_ID", str(event["message_id"])
    yield from _code(event)
    for key, value in event.items():
        if key.startswith("finger_") and value is not None:
            yield key.upper(), str(value)


def _code(event: LogEvent) -> Iterator[tuple[str, str]]:
    """Where a failure was raised; events of Twisted's old kind have it under another key."""
    failure = event.get("log_failure", event.get("failure"))
    if isinstance(failure, Failure) and failure.frames:
        function, file, line = failure.frames[-1][:3]
        yield "CODE_FILE", str(file)
        yield "CODE_LINE", str(line)
        yield "CODE_FUNC", str(function)


def _lines(stream: IO[str]) -> Sink:
    write = textFileLogObserver(stream)

    def sink(event: LogEvent, identifier: str) -> bool:
        try:
            write(event)
        except OSError:
            return False
        return True

    return sink


def _gap(missing: int) -> LogEvent:
    return {
        "log_level": LogLevel.warn,
        "log_namespace": __name__,
        "log_time": time.time(),
        "log_format": "{finger_count} log messages before this one were dropped: the log did not take them in time",
        "message_id": Event.LOG_DROPPED,
        "finger_count": missing,
    }


def _identity(fd: int) -> str:
    try:
        found = os.fstat(fd)
    except OSError:
        return ""
    return f"{found.st_dev}:{found.st_ino}"
