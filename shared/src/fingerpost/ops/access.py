"""The access log: who asked about whom, and what became of it (RFC 1288 §3.2.7), as far as that may be kept."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_network

from attrs import field, frozen
from twisted.logger import Logger

from fingerpost.ops.limits import normal_address
from fingerpost.ops.outcomes import Outcome

__all__ = ["AccessLog", "LogConfig", "shown_peer"]

_LONGEST = 200  # characters of what was asked


def _peers(instance: object, attribute: object, value: str) -> None:
    if value not in ("full", "network", "none"):
        raise ValueError(f"expected full, network or none, not '{value:.30}'")


@frozen
class LogConfig:
    """See `log:` in every file. `peers` says how much of an address is logged: "full", its "network", or "none"."""

    access: bool = False
    peers: str = field(default="network", validator=_peers)


class AccessLog:
    """Logs the requests of one service; `config` may change while it runs."""

    _log = Logger()

    def __init__(self, service: str, config: LogConfig) -> None:
        self.config = config
        self._service = service

    def query(self, peer: str, user: str, outcome: Outcome, seconds: float) -> None:
        """A request about `user` ("" for a list) was dealt with; `peer` is an address, "" on a UNIX socket."""
        if not self.config.access:
            return
        self._log.info(
            "{finger_service}: {finger_user!r} from {from_}: {finger_outcome} in {milliseconds:.1f} ms",
            finger_service=self._service,
            finger_user=user[:_LONGEST],
            finger_peer=(shown := shown_peer(peer, self.config.peers)) or None,
            finger_outcome=outcome.value,
            finger_seconds=f"{seconds:.6f}",
            from_=shown or ("here" if not peer else "somewhere"),
            milliseconds=seconds * 1000,
        )


def shown_peer(peer: str, peers: str) -> str:
    """As much of an address as may be logged; a network is an IPv4 /24 or an IPv6 /48."""
    if peers == "full" or not peer:
        return peer
    address = normal_address(peer)
    if peers == "none" or address is None:
        return ""
    return str(ip_network((address, 24 if isinstance(address, IPv4Address) else 48), strict=False))
