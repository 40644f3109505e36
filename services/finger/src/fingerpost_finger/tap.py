"""Wires the finger service: its port, and the replica it answers from."""

from __future__ import annotations

from typing import Any

from attrs import evolve, field, frozen
from fingerpost.ops.frontend import ReadingConfig, store_client, store_replica
from fingerpost.ops.plugin import IReloadable
from fingerpost.ops.services import Draining, OrderedService, endpoints
from twisted.logger import Logger
from zope.interface import implementer

from fingerpost_finger.answers import Answers
from fingerpost_finger.policy import Policy
from fingerpost_finger.protocol import FingerFactory

__all__ = ["Config", "make"]


@frozen(kw_only=True)
class Config(ReadingConfig):
    """See `finger.yaml`. `log_queries` logs every query and who asked."""

    log_queries: bool = False
    policy: Policy = field(factory=Policy)


@implementer(IReloadable)
class FingerService(OrderedService):
    """The finger service."""

    _log = Logger()

    def __init__(self, config: Config, reactor: Any) -> None:
        super().__init__()
        self._config = config
        client = store_client(config, reactor, "finger")
        self.replica = store_replica(config, client)
        self._factory = FingerFactory(reactor, config.limits, Answers(self.replica, config.policy))
        self._factory.log_queries = config.log_queries
        places = endpoints(reactor, config.listen, "finger", "tcp:7979:interface=127.0.0.1")
        for part in (client, Draining(places, self._factory)):
            part.setServiceParent(self)

    def reload(self, config: Config) -> None:
        """See `IReloadable`: limits, policy and log_queries are taken up."""
        now = self._config
        if evolve(config, limits=now.limits, policy=now.policy, log_queries=now.log_queries) != now:
            self._log.warn("A changed listen, store or cache_size is taken up at the next restart")
        self._factory.admission.limits = config.limits
        self._factory.answers.policy = config.policy
        self._factory.log_queries = config.log_queries


def make(config: Config, reactor: Any) -> FingerService:
    """The finger service, ready to start."""
    return FingerService(config, reactor)
