"""What became of a request: the few words that metrics and the access log have for it."""

from __future__ import annotations

from enum import StrEnum

from fingerpost.errors import FingerpostError, NoSuchUser, NotAccepted, NotAllowed, TemporarilyUnavailable

__all__ = ["Outcome"]


class Outcome(StrEnum):
    """The closed set of outcomes."""

    ANSWERED = "answered"
    NOT_FOUND = "not_found"  # nobody of that name
    REFUSED = "refused"  # too many, too large, too slow, or not what the protocol allows
    DENIED = "denied"  # by the policy, or for want of a proof
    UNAVAILABLE = "unavailable"  # the store is away
    FAILED = "failed"  # a defect, or a disk

    @classmethod
    def of(cls, error: BaseException | None) -> Outcome:
        """The outcome of a request that ended in an error, or in none."""
        if error is None:
            return cls.ANSWERED
        for kind, outcome in _OF.items():
            if isinstance(error, kind):
                return outcome
        return cls.FAILED


# The first that fits: what is no other error of ours is a request that can't be met.
_OF: dict[type[BaseException], Outcome] = {
    NoSuchUser: Outcome.NOT_FOUND,
    NotAccepted: Outcome.REFUSED,
    NotAllowed: Outcome.DENIED,
    TemporarilyUnavailable: Outcome.UNAVAILABLE,
    FingerpostError: Outcome.REFUSED,
}
