"""How often somebody may be wrong: attempts to prove something are counted by name and by frontend."""

from __future__ import annotations

import math
from collections.abc import Sequence

from attrs import field, frozen
from attrs.validators import ge, gt
from twisted.internet.interfaces import IReactorTime

from fingerpost.errors import NotAllowed
from fingerpost.ops.buckets import Buckets

__all__ = ["Throttle", "ThrottleConfig", "TooManyAttempts"]


class TooManyAttempts(NotAllowed):
    """Too many attempts; please try again later."""


@frozen(kw_only=True)
class ThrottleConfig:
    """So many failures of one name, and through one frontend, are forgotten within so many seconds."""

    attempts: int = field(default=5, validator=ge(1))
    frontend_attempts: int = field(default=100, validator=ge(1))
    seconds: float = field(default=60.0, validator=gt(0))


class Throttle:
    """An attempt is paid for before it is checked: many at once are no way around. Success is paid back."""

    def __init__(self, clock: IReactorTime, config: ThrottleConfig) -> None:
        self._names = Buckets(clock, 1, 1)
        self._frontends = Buckets(clock, 1, 1)
        self.configure(config)

    def configure(self, config: ThrottleConfig) -> None:
        """Count by other limits from now on."""
        self._names.rate, self._names.burst = config.attempts / config.seconds, config.attempts
        self._frontends.rate = config.frontend_attempts / config.seconds
        self._frontends.burst = config.frontend_attempts

    def attempt(self, name: str, frontend: str) -> None:
        """Somebody wants to be `name` ("" where that is not said); raises `TooManyAttempts`."""
        for buckets, key, whose in self._all(name, frontend):
            seconds = math.ceil(buckets.wait(key))
            if seconds:
                units = "second" if seconds == 1 else "seconds"
                raise TooManyAttempts(f"Too many wrong attempts {whose}; please try again in {seconds} {units}.")
        for buckets, key, _ in self._all(name, frontend):
            buckets.spend(key)

    def forgive(self, name: str, frontend: str) -> None:
        """The attempt was right, or could not be checked at all."""
        for buckets, key, _ in self._all(name, frontend):
            buckets.give_back(key)

    def _all(self, name: str, frontend: str) -> Sequence[tuple[Buckets, str, str]]:
        there = (self._frontends, frontend, "from there")
        return (there, (self._names, name, "for this name")) if name else (there,)
