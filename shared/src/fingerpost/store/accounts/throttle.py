"""How often somebody may be wrong: attempts to prove something are counted by name and by frontend."""

from __future__ import annotations

import math
from collections.abc import Sequence

from attrs import field, frozen
from attrs.validators import ge, gt
from twisted.internet.interfaces import IReactorTime

from fingerpost.errors import NotAllowed
from fingerpost.ops.buckets import Buckets

__all__ = ["Share", "Throttle", "ThrottleConfig", "TooManyAttempts"]


class TooManyAttempts(NotAllowed):
    """Too many attempts; please try again later."""


@frozen(kw_only=True)
class ThrottleConfig:
    """So many failures of one name, and through one frontend, are forgotten within so many seconds."""

    attempts: int = field(default=5, validator=ge(1))
    frontend_attempts: int = field(default=100, validator=ge(1))
    seconds: float = field(default=60.0, validator=gt(0))


@frozen
class Share:
    """How often one name, or one frontend, may still be wrong."""

    buckets: Buckets
    key: str
    whose: str


class Throttle:
    """An attempt is paid for before it is checked: many at once are no way around. What was no guess is refunded."""

    def __init__(self, clock: IReactorTime, config: ThrottleConfig) -> None:
        self._names = Buckets(clock, 1, 1)
        self._frontends = Buckets(clock, 1, 1)
        self.configure(config)

    def configure(self, config: ThrottleConfig) -> None:
        """Count by other limits from now on."""
        self._names.rate, self._names.burst = config.attempts / config.seconds, config.attempts
        self._frontends.rate = config.frontend_attempts / config.seconds
        self._frontends.burst = config.frontend_attempts

    def name(self, name: str) -> Share:
        """What a name pays from."""
        return Share(self._names, name, "for this name")

    def frontend(self, frontend: str) -> Share:
        """What a frontend pays from."""
        return Share(self._frontends, frontend, "from there")

    def pay(self, shares: Sequence[Share]) -> None:
        """Take one attempt from each; raises `TooManyAttempts` where one has none left, and takes nothing."""
        for share in shares:
            seconds = math.ceil(share.buckets.wait(share.key))
            if seconds:
                units = "second" if seconds == 1 else "seconds"
                raise TooManyAttempts(f"Too many wrong attempts {share.whose}; please try again in {seconds} {units}.")
        for share in shares:
            share.buckets.spend(share.key)

    def refund(self, shares: Sequence[Share]) -> None:
        """The attempt was right, or could not be checked at all."""
        for share in shares:
            share.buckets.give_back(share.key)
