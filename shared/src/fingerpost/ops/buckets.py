"""Token buckets by key: so many at once, and so many a second after that."""

from __future__ import annotations

from attrs import define, field
from twisted.internet.interfaces import IReactorTime

__all__ = ["Buckets"]

_REMEMBERED = 10_000  # buckets, before the full ones are forgotten


@define
class _Bucket:
    tokens: float
    at: float


@define
class Buckets:
    """Each key has `burst` tokens, and gets `rate` of them back each second, up to `burst`."""

    clock: IReactorTime
    rate: float
    burst: float
    _buckets: dict[str, _Bucket] = field(factory=dict, init=False)

    def spend(self, key: str) -> bool:
        """Take a token, if the key has one."""
        bucket = self._filled(key)
        if bucket.tokens < 1.0:
            return False
        bucket.tokens -= 1.0
        return True

    def give_back(self, key: str) -> None:
        """What a token was taken for did not count."""
        bucket = self._filled(key)
        bucket.tokens = min(self.burst, bucket.tokens + 1.0)

    def wait(self, key: str) -> float:
        """Seconds until the key has a token."""
        return max(0.0, (1.0 - self._filled(key).tokens) / self.rate)

    def _filled(self, key: str) -> _Bucket:
        now = self.clock.seconds()
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= _REMEMBERED:
                self._forget_full(now)
            bucket = self._buckets[key] = _Bucket(self.burst, now)
        bucket.tokens = min(self.burst, bucket.tokens + (now - bucket.at) * self.rate)
        bucket.at = now
        return bucket

    def _forget_full(self, now: float) -> None:
        """Drop buckets that have refilled; if an attacker's keys keep too many, drop the oldest half."""
        refill = self.burst / self.rate
        self._buckets = {key: bucket for key, bucket in self._buckets.items() if now - bucket.at < refill}
        if len(self._buckets) >= _REMEMBERED:
            kept = sorted(self._buckets.items(), key=lambda item: item[1].at)[_REMEMBERED // 2 :]
            self._buckets = dict(kept)
