"""How much one address, and all together, may ask of a service: a token bucket and connection caps."""

from __future__ import annotations

import math
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address

from attrs import define, field, frozen
from twisted.internet.interfaces import IReactorTime

from fingerpost.ops.buckets import Buckets

__all__ = ["Admission", "Limits", "normal_address", "rate_key", "whose"]

Address = IPv4Address | IPv6Address


def _count(limits: object, attribute: object, value: float) -> None:
    if not 0 <= value < math.inf:
        raise ValueError(f"expected 0 (no limit) or more, not {value}")


@frozen
class Limits:
    """Requests per second and address (`rate`, `burst` at once), and connections per address and in total; 0 = any."""

    rate: float = field(default=20.0, validator=_count)
    burst: int = field(default=60, validator=_count)
    per_address: int = field(default=10, validator=_count)
    total: int = field(default=5000, validator=_count)


def normal_address(host: str) -> Address | None:
    """The address a host string spells, an IPv4-mapped one as IPv4; None for what is no address (a UNIX peer)."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def rate_key(address: Address) -> str:
    """Who is limited together: an IPv4 address, or the /64 that one IPv6 subscriber has."""
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Address(int(address) >> 64 << 64)) + "/64"


def whose(peer: object) -> tuple[str, str | None]:
    """A peer's address in its usual spelling, and who it is limited as; "" and None for a UNIX peer."""
    address = normal_address(getattr(peer, "host", ""))
    return ("", None) if address is None else (str(address), rate_key(address))


@define
class Admission:
    """Counts connections and requests, and says which are too many; `full` is called where `total` is reached."""

    limits: Limits
    clock: IReactorTime
    full: Callable[[], None] = lambda: None
    total: int = 0
    _open: dict[str, int] = field(factory=dict, init=False)
    _buckets: Buckets = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._buckets = Buckets(self.clock, self.limits.rate, self.limits.burst)

    def enter(self, key: str | None) -> str | None:
        """Let in a connection that is one request, or return the sentence that refuses it."""
        refusal = self.connect(key) or self.request(key)
        if refusal is None:
            self.connected(key)
        return refusal

    def connect(self, key: str | None) -> str | None:
        """Why one more connection is too many, if it is; a key of None is limited by the total alone."""
        limits = self.limits
        if limits.total and self.total >= limits.total:
            self.full()
            return "This service is busy; please try again in a moment."
        if key is not None and limits.per_address and self._open.get(key, 0) >= limits.per_address:
            return "Too many connections from your address; please close some first."
        return None

    def request(self, key: str | None) -> str | None:
        """Why one more request is too many, if it is."""
        limits, buckets = self.limits, self._buckets
        if key is None or not (limits.rate and limits.burst):
            return None
        buckets.rate, buckets.burst = limits.rate, limits.burst  # they may have changed
        if not buckets.spend(key):
            return "Too many requests from your address; please try again in a moment."
        return None

    def connected(self, key: str | None) -> None:
        """A connection was let in."""
        self.total += 1
        if key is not None:
            self._open[key] = self._open.get(key, 0) + 1

    def leave(self, key: str | None) -> None:
        """A connection that was let in has ended."""
        self.total -= 1
        if key is not None:
            left = self._open[key] - 1
            if left:
                self._open[key] = left
            else:
                del self._open[key]
