"""What a client is told went wrong: PB carries the class's name and the sentence, which is the docstring by default."""

from __future__ import annotations

from twisted.spread import pb

__all__ = [
    "BadCall",
    "Defect",
    "Malformed",
    "NoSuchUser",
    "NotShown",
    "StatusError",
    "TemporarilyUnavailable",
    "TooMany",
]


class StatusError(pb.Error):
    """Something went wrong."""

    def __init__(self, sentence: str | None = None) -> None:
        super().__init__(sentence or type(self).__doc__)


class NoSuchUser(StatusError):
    """No such user."""


class NotShown(StatusError):
    """The live list is not offered here."""


class TemporarilyUnavailable(StatusError):
    """The statuses are temporarily unavailable; please try again in a moment."""


class TooMany(StatusError):
    """Too many calls; please try again in a moment."""


class BadCall(StatusError):
    """This is no call that is answered here."""


class Defect(StatusError):
    """Something went wrong here; it has been logged."""


class Malformed(Exception):
    """A client sent what no PB client sends; it is disconnected, and this is said in the log."""
