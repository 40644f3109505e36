"""Wires the pb service: its port, the calls, and the replica they are answered from."""

from __future__ import annotations

from typing import Any

from attrs import field, frozen
from attrs.validators import and_, ge, le
from fingerpost.disclosed import Disclosed
from fingerpost.lookups import Lookups, LookupsConfig
from fingerpost.model import Audience
from fingerpost.ops.frontend import ListeningConfig, ReadingConfig, ReadingFrontend
from fingerpost.ops.guard import Guard
from fingerpost.ops.limits import Admission
from fingerpost.ops.metrics import Metrics
from fingerpost.ops.services import Draining, endpoints

from fingerpost_pb.answers import Answers
from fingerpost_pb.factory import StatusFactory
from fingerpost_pb.live import LiveStatuses
from fingerpost_pb.root import StatusRoot

__all__ = ["Config", "make"]


@frozen(kw_only=True)
class Config(ReadingConfig, ListeningConfig, LookupsConfig):
    """See `pb.yaml`. `list_limit` is how many people the live list holds."""

    list_limit: int = field(default=1000, validator=and_(ge(1), le(5000)))


class PbService(ReadingFrontend):
    """The pb service."""

    tapname = "finger-pb"
    live = ("limits", "users_limit")

    def __init__(self, config: Config, reactor: Any, metrics: Metrics) -> None:
        super().__init__(config, reactor, metrics)
        statuses = Disclosed(self.replica, Audience.WORLD)
        self._lookups = Lookups(statuses, config)
        answers = Answers(self._lookups, LiveStatuses(statuses, config.list_limit))
        self._admission = Admission(config.limits, reactor, self.requests.full)
        self.lets_in(self._admission)
        factory: Any = StatusFactory(reactor, self._admission, self.requests, StatusRoot(answers.calls))
        places = endpoints(reactor, config.listen, "pb", "tcp:8889:interface=127.0.0.1")
        Draining(places, Guard(reactor, self._admission, self.requests, factory, factory.finish)).setServiceParent(self)

    def reconfigured(self, config: Config, prepared: None) -> None:
        """See `Operated`."""
        self._admission.limits = config.limits
        self._lookups.config = config


make = PbService
