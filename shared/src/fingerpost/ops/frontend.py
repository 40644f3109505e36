"""What every frontend is made of: its common configuration, a client of the store, and the replica it feeds."""

from __future__ import annotations

from typing import Any, ClassVar

from attrs import field, frozen
from attrs.validators import ge, min_len, optional
from twisted.internet.endpoints import clientFromString
from twisted.internet.interfaces import IStreamClientEndpoint

from fingerpost.client import StoreClient
from fingerpost.errors import FingerpostError
from fingerpost.ops.limits import Limits
from fingerpost.ops.reloading import Reloadable
from fingerpost.replica import Replica

__all__ = [
    "READ_SOCKET",
    "WRITE_SOCKET",
    "FrontendConfig",
    "ListeningConfig",
    "ReadingConfig",
    "ReadingFrontend",
    "store_client",
]

READ_SOCKET = "unix:/run/fingerpost/read.sock"
WRITE_SOCKET = "unix:/run/fingerpost/write.sock"


@frozen(kw_only=True, slots=False)
class FrontendConfig:
    """The key that every frontend has: where the store is."""

    store: str = READ_SOCKET


@frozen(kw_only=True, slots=False)
class ListeningConfig:
    """The keys of a frontend that clients connect to: where it listens, and how much it lets in."""

    listen: tuple[str, ...] | None = field(default=None, validator=optional(min_len(1)))
    limits: Limits = field(factory=Limits)


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


class ReadingFrontend(Reloadable):
    """A frontend that answers from a replica: its `tapname` is what the store, the log and systemd know it by."""

    tapname: ClassVar[str]

    def __init__(self, config: ReadingConfig, reactor: Any) -> None:
        super().__init__(config)
        client = store_client(config, reactor, self.tapname)
        self.replica = Replica(client, config.cache_size)
        client.setServiceParent(self)
