"""What can go wrong, in the words a user reads: each docstring is the default sentence."""

__all__ = [
    "FingerpostError",
    "HelloFirst",
    "NoSuchUser",
    "NotAccepted",
    "NotAllowed",
    "Resync",
    "TemporarilyUnavailable",
]


class FingerpostError(Exception):
    """Something went wrong."""

    def __init__(self, sentence: str | None = None) -> None:
        super().__init__(sentence or type(self).__doc__)

    def __str__(self) -> str:
        return str(self.args[0])


class NoSuchUser(FingerpostError):
    """No such user."""


class NotAccepted(FingerpostError):
    """The text was not accepted."""


class NotAllowed(FingerpostError):
    """That is not allowed: the proof given is not for this name."""


class TemporarilyUnavailable(FingerpostError):
    """The status store is temporarily unavailable; please try again in a moment."""


class Resync(FingerpostError):
    """The change log no longer reaches back that far; load the records afresh."""


class HelloFirst(FingerpostError):
    """The first command on a connection must be Hello, in a version both sides speak."""
