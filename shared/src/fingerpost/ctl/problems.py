"""What `fingerctl` says and returns when something can't be done: a kind, an exit code, a sentence and a hint."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from fingerpost.errors import (
    FingerpostError,
    HelloFirst,
    NoSuchUser,
    NotAccepted,
    NotAllowed,
    TemporarilyUnavailable,
)
from fingerpost.ops.config import ConfigError

__all__ = [
    "CannotCreate",
    "CannotRead",
    "ForAdministrators",
    "Problem",
    "Silent",
    "StoreFailed",
    "StoreGone",
    "Unreachable",
    "told",
]


class _Hinted(FingerpostError):
    """Something went wrong, and there is something to be done about it."""

    def __init__(self, sentence: str | None = None, hint: str = "") -> None:
        super().__init__(sentence)
        self.hint = hint


class Unreachable(_Hinted):
    """The status store cannot be reached."""


class ForAdministrators(_Hinted, NotAllowed):
    """Only an administrator may do that."""


class CannotRead(_Hinted):
    """A file cannot be read."""


class CannotCreate(_Hinted):
    """A file cannot be written."""


class Silent(_Hinted, TemporarilyUnavailable):
    """The status store does not answer."""


class StoreFailed(FingerpostError):
    """The status store failed."""


class StoreGone(_Hinted, TemporarilyUnavailable):
    """The connection to the status store was lost."""


@frozen
class Problem:
    """How an error is told. `code` is of sysexits.h."""

    kind: str
    code: int
    message: str
    hint: str = ""

    def plain(self) -> Mapping[str, object]:
        """For programs."""
        return {"error": {"kind": self.kind, "message": self.message, "hint": self.hint}}

    def lines(self) -> list[str]:
        """For people."""
        return [f"fingerctl: {self.message}", *([f"Hint: {self.hint}"] if self.hint else [])]


# The first that fits counts.
_KINDS: tuple[tuple[type[FingerpostError], str, int, str], ...] = (
    (ConfigError, "configuration", 78, ""),
    (NotAccepted, "not_accepted", 65, ""),
    (CannotRead, "cannot_read", 66, ""),
    (NoSuchUser, "no_such_user", 67, "`fingerctl list --all` names everybody that there is"),
    (Unreachable, "unreachable", 69, ""),
    (HelloFirst, "unreachable", 69, "fingerctl and the store have to be of the same release"),
    (CannotCreate, "cannot_create", 73, ""),
    (TemporarilyUnavailable, "temporarily_unavailable", 75, "try again in a moment; `systemctl status finger-store`"),
    (NotAllowed, "not_allowed", 77, "use a token of that person (--token-file), or sudo"),
    (FingerpostError, "failed", 70, "`journalctl -u finger-store` says why"),
)


def told(error: FingerpostError) -> Problem:
    """How an error is told."""
    kind, code, usual = next((kind, code, hint) for known, kind, code, hint in _KINDS if isinstance(error, known))
    return Problem(kind, code, str(error), getattr(error, "hint", "") or usual)
