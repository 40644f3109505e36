"""Wires the setter: its ports, and the client through which it writes."""

from __future__ import annotations

from typing import Any

from attrs import frozen
from fingerpost.ops.frontend import WRITE_SOCKET, Frontend, FrontendConfig, ListeningConfig
from fingerpost.ops.metrics import Metrics
from fingerpost.ops.services import Draining, endpoints
from fingerpost.ops.sockets import peer_uid
from twisted.internet.threads import deferToThreadPool

from fingerpost_finger.setter.permission import Asker, proof_for
from fingerpost_finger.setter.protocol import SetterFactory

__all__ = ["Config", "make"]


@frozen(kw_only=True)
class Config(FrontendConfig, ListeningConfig):
    """See `setter.yaml`. `trust_loopback` lets anybody on this machine set any status over TCP, like the tutorial."""

    store: str = WRITE_SOCKET
    trust_loopback: bool = False


class SetterService(Frontend):
    """The setter."""

    tapname = "finger-setter"
    live = ("limits", "trust_loopback")

    def __init__(self, config: Config, reactor: Any, metrics: Metrics) -> None:
        super().__init__(config, reactor, metrics)

        def prove(asker: Asker, user: str) -> Any:
            pool = reactor.getThreadPool()
            return deferToThreadPool(reactor, pool, proof_for, asker, user, self.config.trust_loopback)

        def identify(transport: Any) -> int | None:
            return peer_uid(transport.getHandle())

        self._factory = SetterFactory(reactor, config.limits, self.requests, self.client, prove, identify)
        places = endpoints(reactor, config.listen, "setter", "tcp:1079:interface=127.0.0.1")
        self.lets_in(self._factory.admission)
        Draining(places, self._factory).setServiceParent(self)

    def reconfigured(self, config: Config, prepared: None) -> None:
        """See `Operated`."""
        self._factory.admission.limits = config.limits


make = SetterService
