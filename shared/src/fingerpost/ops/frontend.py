"""What every frontend is made of: its common configuration, a client of the store, and the replica it feeds."""

from __future__ import annotations

import math
import os
from typing import Any, ClassVar

from attrs import field, frozen
from attrs.validators import ge, min_len, optional
from twisted.internet.endpoints import clientFromString
from twisted.internet.interfaces import IStreamClientEndpoint

from fingerpost.client import StoreClient
from fingerpost.errors import FingerpostError
from fingerpost.ops.access import LogConfig
from fingerpost.ops.idle import IdleExit
from fingerpost.ops.limits import Admission, Limits
from fingerpost.ops.metrics import Metrics
from fingerpost.ops.operated import Operated, OperatedConfig
from fingerpost.ops.requests import Requests
from fingerpost.ops.services import check_listen
from fingerpost.ops.sockets import inherited
from fingerpost.replica import Replica

__all__ = [
    "READ_SOCKET",
    "WRITE_SOCKET",
    "Frontend",
    "FrontendConfig",
    "ListeningConfig",
    "ReadingConfig",
    "ReadingFrontend",
    "store_client",
]

READ_SOCKET = "unix:/run/fingerpost/read.sock"
WRITE_SOCKET = "unix:/run/fingerpost/write.sock"


def _idle(owner: object, attribute: object, value: float) -> None:
    if value and not 1 <= value < math.inf:
        raise ValueError(f"expected 0 (never) or at least 1 second, not {value}")


@frozen(kw_only=True, slots=False)
class FrontendConfig(OperatedConfig):
    """The keys that every frontend has: where the store is, and what is logged of requests."""

    store: str = READ_SOCKET
    log: LogConfig = field(factory=LogConfig)


@frozen(kw_only=True, slots=False)
class ListeningConfig:
    """The keys of a frontend that clients connect to: where it listens, how much it lets in, and when it may end.

    A service that systemd starts for its clients ends after `idle_exit` seconds without one; 0 is never.
    """

    listen: tuple[str, ...] | None = field(default=None, validator=[optional(min_len(1)), check_listen])
    limits: Limits = field(factory=Limits)
    idle_exit: float = field(default=0.0, validator=_idle)


@frozen(kw_only=True, slots=False)
class ReadingConfig(FrontendConfig):
    """The keys of a frontend that answers from a replica: how many records that remembers."""

    cache_size: int = field(default=50_000, validator=ge(1))


def store_client(config: FrontendConfig, reactor: Any, name: str) -> StoreClient:
    """A client of the configured store; raises `FingerpostError` for an endpoint that is none."""
    try:
        endpoint: IStreamClientEndpoint = clientFromString(reactor, config.store)
    except (ValueError, TypeError, KeyError) as error:
        raise FingerpostError(f"store: '{config.store}' is no endpoint such as {READ_SOCKET} ({error})") from error
    return StoreClient(reactor, endpoint, name)


class Frontend(Operated):
    """A service that asks the store: its `tapname` is what the store, the log, systemd and Prometheus know it by."""

    tapname: ClassVar[str]

    def __init__(self, config: FrontendConfig, reactor: Any, metrics: Metrics) -> None:
        super().__init__(config)
        self.requests = Requests(reactor, metrics, self.tapname, config.log)
        self.client = store_client(config, reactor, self.tapname)
        self.client.called = self.requests.metrics.called
        self.requests.metrics.read_store(lambda: self.client.is_connected)
        self.client.setServiceParent(self)
        self._reactor = reactor

    def lets_in(self, admission: Admission) -> None:
        """Say by whom clients are let in: how many they are is told, and without any the service may end."""
        self.requests.metrics.read_connections(lambda: admission.total)
        seconds, sockets = self.config.idle_exit, inherited(os.environ)
        if seconds and "metrics" in sockets:
            self._log.info("idle_exit is not heeded: whoever scrapes the metrics socket would start the service again")
        elif seconds and sockets:
            idle = IdleExit(self._reactor, seconds, lambda: (admission.total, self.requests.count))
            idle.setServiceParent(self)

    def describe(self) -> str:
        """See `IOperated`."""
        return self.trouble() or "The status store is connected"

    def trouble(self) -> str | None:
        """See `IOperated`."""
        return None if self.client.is_connected else "The status store is away"

    def reload(self, config: FrontendConfig, prepared: Any) -> None:
        """See `IOperated`."""
        self.requests.access.config = config.log
        super().reload(config, prepared)


class ReadingFrontend(Frontend):
    """A frontend that answers from a replica."""

    def __init__(self, config: ReadingConfig, reactor: Any, metrics: Metrics) -> None:
        super().__init__(config, reactor, metrics)
        replica = self.replica = Replica(self.client, config.cache_size)
        self.requests.metrics.read_replica(lambda: replica.revision, replica.age, lambda: len(replica))

    def describe(self) -> str:
        """See `IOperated`."""
        store = "away" if self.replica.stale else "connected"
        return self.trouble() or f"Answering from {len(self.replica)} records; the status store is {store}"

    def trouble(self) -> str | None:
        """See `IOperated`: without the store, what is known is answered."""
        return None if self.replica.loads else "No records yet, because the status store is away"
