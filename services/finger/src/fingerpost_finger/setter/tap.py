"""Wires the setter: its ports, and the client through which it writes."""

from __future__ import annotations

from typing import Any

from attrs import evolve, frozen
from fingerpost.ops.frontend import WRITE_SOCKET, FrontendConfig, store_client
from fingerpost.ops.plugin import IReloadable
from fingerpost.ops.services import Draining, OrderedService, endpoints
from fingerpost.ops.sockets import peer_uid
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from zope.interface import implementer

from fingerpost_finger.setter.permission import Asker, proof_for
from fingerpost_finger.setter.protocol import SetterFactory

__all__ = ["Config", "make"]


@frozen(kw_only=True)
class Config(FrontendConfig):
    """See `setter.yaml`. `trust_loopback` lets anybody on this machine set any status over TCP, like the tutorial."""

    store: str = WRITE_SOCKET
    trust_loopback: bool = False


@implementer(IReloadable)
class SetterService(OrderedService):
    """The setter."""

    _log = Logger()

    def __init__(self, config: Config, reactor: Any) -> None:
        super().__init__()
        self._config = self._running = config
        client = store_client(config, reactor, "finger-setter")

        def prove(asker: Asker, user: str) -> Any:
            pool = reactor.getThreadPool()
            return deferToThreadPool(reactor, pool, proof_for, asker, user, self._running.trust_loopback)

        def identify(transport: Any) -> int | None:
            return peer_uid(transport.getHandle())

        self._factory = SetterFactory(reactor, config.limits, client, prove, identify)
        places = endpoints(reactor, config.listen, "setter", "tcp:1079:interface=127.0.0.1")
        for part in (client, Draining(places, self._factory)):
            part.setServiceParent(self)

    def reload(self, config: Config) -> None:
        """See `IReloadable`: limits and trust are taken up."""
        if evolve(config, limits=self._config.limits, trust_loopback=self._config.trust_loopback) != self._config:
            self._log.warn("A changed listen or store is taken up at the next restart")
        self._running = config
        self._factory.admission.limits = config.limits


def make(config: Config, reactor: Any) -> SetterService:
    """The setter, ready to start."""
    return SetterService(config, reactor)
