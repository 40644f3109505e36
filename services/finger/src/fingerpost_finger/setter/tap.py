"""Wires the setter: its ports, and the client through which it writes."""

from __future__ import annotations

import os
from typing import Any

from attrs import field, frozen
from fingerpost.interfaces import Proof
from fingerpost.ops.frontend import WRITE_SOCKET, Frontend, FrontendConfig, ListeningConfig
from fingerpost.ops.guard import Guard
from fingerpost.ops.metrics import Metrics
from fingerpost.ops.services import Draining, check_listen, endpoints
from fingerpost.ops.sockets import inherited, peer_uid
from twisted.application.service import MultiService
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IStreamServerEndpoint
from twisted.internet.threads import deferToThreadPool

from fingerpost_finger.setter.people import PeopleFactory
from fingerpost_finger.setter.permission import Asker, proof_for
from fingerpost_finger.setter.protocol import SetterFactory

__all__ = ["Config", "make"]


def _users(owner: object, attribute: object, value: tuple[str, ...] | None) -> None:
    check_listen(owner, attribute, value)
    for description in value or ():
        if not description.startswith(("unix:", "fd:")):
            raise ValueError(f"'{description}' is no UNIX socket, so it can't be told who asks there")


@frozen(kw_only=True)
class Config(FrontendConfig, ListeningConfig):
    """See `setter.yaml`. `trust_loopback` lets anybody on this machine set any status over TCP, like the tutorial.

    `listen_user` is where people of this machine are served over AMP: without it on the inherited sockets of that
    name, or nowhere.
    """

    store: str = WRITE_SOCKET
    listen_user: tuple[str, ...] | None = field(default=None, validator=_users)
    trust_loopback: bool = False


class SetterService(Frontend):
    """The setter."""

    tapname = "finger-setter"
    live = ("limits", "trust_loopback")

    def __init__(self, config: Config, reactor: Any, metrics: Metrics) -> None:
        super().__init__(config, reactor, metrics)

        def prove(asker: Asker, user: str, token: str) -> Deferred[Proof]:
            pool, trusted = reactor.getThreadPool(), self.config.trust_loopback
            return deferToThreadPool(reactor, pool, proof_for, asker, user, token, trusted)

        def is_known(asker: Asker) -> bool:
            return asker.is_known(self.config.trust_loopback)

        def identify(transport: Any) -> int | None:
            return peer_uid(transport.getHandle())

        self._factory = SetterFactory(reactor, config.limits, self.requests, self.client, prove, is_known, identify)
        self.lets_in(self._factory.admission)
        places = endpoints(reactor, config.listen, "setter", "tcp:1079:interface=127.0.0.1")
        doors = MultiService()  # which are closed side by side
        Draining(places, self._factory).setServiceParent(doors)
        people = PeopleFactory(reactor, self.client, prove, identify, self._factory.admission, self.requests)
        guard = Guard(reactor, people.admission, self.requests, people, people.finish, people.key)
        Draining(self._user_places(reactor), guard).setServiceParent(doors)
        doors.setServiceParent(self)

    def _user_places(self, reactor: Any) -> list[IStreamServerEndpoint]:
        listen = self.config.listen_user
        if listen is None and "user" not in inherited(os.environ):
            return []
        return endpoints(reactor, listen, "user", "fd:user")

    def reconfigured(self, config: Config, prepared: None) -> None:
        """See `Operated`."""
        self._factory.admission.limits = config.limits


make = SetterService
