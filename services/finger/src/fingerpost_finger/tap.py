"""Wires the finger service: its port, and the replica it answers from."""

from __future__ import annotations

from typing import Any

from attrs import field, frozen
from fingerpost.ops.frontend import ListeningConfig, ReadingConfig, ReadingFrontend
from fingerpost.ops.metrics import Metrics
from fingerpost.ops.services import Draining, endpoints

from fingerpost_finger.answers import Answers
from fingerpost_finger.policy import Policy
from fingerpost_finger.protocol import FingerFactory

__all__ = ["Config", "make"]


@frozen(kw_only=True)
class Config(ReadingConfig, ListeningConfig):
    """See `finger.yaml`."""

    policy: Policy = field(factory=Policy)


class FingerService(ReadingFrontend):
    """The finger service."""

    tapname = "finger"
    live = ("limits", "policy")

    def __init__(self, config: Config, reactor: Any, metrics: Metrics) -> None:
        super().__init__(config, reactor, metrics)
        self._factory = FingerFactory(reactor, config.limits, self.requests, Answers(self.replica, config.policy))
        self.lets_in(self._factory.admission)
        places = endpoints(reactor, config.listen, "finger", "tcp:7979:interface=127.0.0.1")
        Draining(places, self._factory).setServiceParent(self)

    def reconfigured(self, config: Config, prepared: None) -> None:
        """See `Operated`."""
        self._factory.admission.limits = config.limits
        self._factory.answers.policy = config.policy


make = FingerService
