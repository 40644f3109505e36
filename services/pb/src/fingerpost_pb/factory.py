"""Makes the connections of a PB service, and ends them all when it stops."""

from __future__ import annotations

from fingerpost.ops.limits import Admission
from fingerpost.ops.requests import Requests
from twisted.internet.interfaces import IReactorTime
from twisted.spread import pb

from fingerpost_pb.broker import StatusBroker
from fingerpost_pb.expression import PlainValues

__all__ = ["StatusFactory"]


class StatusFactory(pb.PBServerFactory):
    """Serves a root to strangers."""

    protocol = StatusBroker
    noisy = False

    def __init__(self, clock: IReactorTime, admission: Admission, requests: Requests, root: pb.Root) -> None:
        super().__init__(root, security=PlainValues())
        self.clock = clock
        self.admission = admission
        self.requests = requests
        self.brokers: set[StatusBroker] = set()

    def finish(self) -> None:
        """Have every connection end once its calls are answered."""
        for broker in tuple(self.brokers):
            broker.finish()
