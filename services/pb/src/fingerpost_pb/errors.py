"""What a client is told went wrong: PB carries the class's name and the sentence, which is the docstring by default."""

from __future__ import annotations

from typing import Any

from fingerpost.ops.outcomes import Outcome
from twisted.python.reflect import qual
from twisted.spread import pb

__all__ = [
    "BadCall",
    "Defect",
    "Malformed",
    "NoSuchUser",
    "StatusError",
    "TemporarilyUnavailable",
    "Told",
    "TooMany",
]


_COPIED = b"twisted.spread.pb.CopyableFailure"


class StatusError(pb.Error):
    """Something went wrong."""

    outcome = Outcome.FAILED

    def __init__(self, sentence: str | None = None) -> None:
        super().__init__(sentence or type(self).__doc__)


class NoSuchUser(StatusError):
    """No such user."""

    outcome = Outcome.NOT_FOUND


class TemporarilyUnavailable(StatusError):
    """The statuses are temporarily unavailable; please try again in a moment."""

    outcome = Outcome.UNAVAILABLE


class TooMany(StatusError):
    """Too many calls; please try again in a moment."""

    outcome = Outcome.REFUSED


class BadCall(StatusError):
    """This is no call that is answered here."""

    outcome = Outcome.REFUSED


class Defect(StatusError):
    """Something went wrong here; it has been logged."""


class Malformed(Exception):
    """A client sent what no PB client sends; it is disconnected, and this is said in the log."""


class Told(pb.Copyable):
    """An error as it is sent: what a client's `pb.CopiedFailure` needs, and no more.

    Twisted's `CopyableFailure` sends whatever its `Failure` holds, which is another thing in each version.
    """

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def getTypeToCopy(self) -> bytes:
        """See `Copyable`."""
        return _COPIED

    def getStateToCopy(self) -> dict[str, Any]:
        """See `Copyable`."""
        return {
            "type": qual(type(self._error)).encode(),
            "value": str(self._error),
            "parents": [qual(kind) for kind in type(self._error).__mro__],
            "traceback": "Traceback unavailable\n",
            "tb": None,
            "frames": [],
            "stack": [],
            "count": 0,
            "pickled": 1,
            "captureVars": False,
        }
