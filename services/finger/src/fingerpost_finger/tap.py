"""Wires the finger service: its port, and the replica it answers from."""

from __future__ import annotations

from typing import Any

from attrs import field, frozen
from fingerpost.ops.frontend import ListeningConfig, ReadingConfig, ReadingFrontend
from fingerpost.ops.services import Draining, endpoints

from fingerpost_finger.answers import Answers
from fingerpost_finger.policy import Policy
from fingerpost_finger.protocol import FingerFactory

__all__ = ["Config", "make"]


@frozen(kw_only=True)
class Config(ReadingConfig, ListeningConfig):
    """See `finger.yaml`. `log_queries` logs every query and who asked."""

    log_queries: bool = False
    policy: Policy = field(factory=Policy)


class FingerService(ReadingFrontend):
    """The finger service."""

    tapname = "finger"
    live = ("limits", "policy", "log_queries")

    def __init__(self, config: Config, reactor: Any) -> None:
        super().__init__(config, reactor)
        self._factory = FingerFactory(reactor, config.limits, Answers(self.replica, config.policy))
        self._factory.log_queries = config.log_queries
        places = endpoints(reactor, config.listen, "finger", "tcp:7979:interface=127.0.0.1")
        Draining(places, self._factory).setServiceParent(self)

    def reconfigured(self, config: Config, prepared: None) -> None:
        """See `Reloadable`."""
        self._factory.admission.limits = config.limits
        self._factory.answers.policy = config.policy
        self._factory.log_queries = config.log_queries


make = FingerService
