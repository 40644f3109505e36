"""What every frontend is made of: its common configuration, a client of the store, and the replica it feeds."""

from __future__ import annotations

from typing import Any

from attrs import field, frozen
from attrs.validators import ge, min_len, optional
from twisted.internet.endpoints import clientFromString
from twisted.internet.interfaces import IStreamClientEndpoint

from fingerpost.client import StoreClient
from fingerpost.errors import FingerpostError
from fingerpost.ops.limits import Limits
from fingerpost.replica import Replica

__all__ = ["READ_SOCKET", "WRITE_SOCKET", "FrontendConfig", "ReadingConfig", "store_client", "store_replica"]

READ_SOCKET = "unix:/run/fingerpost/read.sock"
WRITE_SOCKET = "unix:/run/fingerpost/write.sock"


@frozen(kw_only=True)
class FrontendConfig:
    """The keys that every frontend has: where it listens, where the store is, and how much it lets in."""

    listen: tuple[str, ...] | None = field(default=None, validator=optional(min_len(1)))
    store: str = READ_SOCKET
    limits: Limits = field(factory=Limits)


@frozen(kw_only=True)
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


def store_replica(config: ReadingConfig, client: StoreClient) -> Replica:
    """A replica of the configured size."""
    return Replica(client, config.cache_size)
