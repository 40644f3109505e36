"""Wires the irc service: the networks it is on, and the replica it answers from."""

from __future__ import annotations

import os
from typing import Any

from fingerpost.disclosed import Disclosed
from fingerpost.model import Audience
from fingerpost.ops.frontend import ReadingFrontend
from fingerpost.ops.metrics import Metrics
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.ssl import Certificate, optionsForClientTLS, platformTrust, trustRootFromCertificates
from twisted.logger import Logger

from fingerpost_irc.configuration import Config, Network
from fingerpost_irc.credentials import Credentials
from fingerpost_irc.network import NetworkService
from fingerpost_irc.networks import Networks, Wanted

__all__ = ["Config", "make"]


class IRCService(ReadingFrontend):
    """The irc service."""

    tapname = "finger-irc"
    live = ("networks",)
    _log = Logger()

    def __init__(self, config: Config, reactor: Any, metrics: Metrics) -> None:
        super().__init__(config, reactor, metrics)
        self._reactor = reactor
        self._statuses = Disclosed(self.replica, Audience.WORLD)
        self._networks = Networks(self._network)
        self._networks.setServiceParent(self)
        self._take(self.prepare(config))

    def startService(self) -> None:
        """See `IService`."""
        super().startService()
        if not self.config.networks:
            self._log.info("No IRC network is configured, so there is nothing to do")

    def prepare(self, config: Config) -> Wanted:
        """See `IOperated`; a secret that can't be read leaves everything as it is."""
        return [(network, Credentials.read(network, os.environ)) for network in config.networks]

    def reconfigured(self, config: Config, prepared: Wanted) -> None:
        """See `Operated`."""
        self._take(prepared)

    def _take(self, wanted: Wanted) -> None:
        self._networks.take(wanted).addErrback(
            lambda failure: self._log.failure("The networks could not be taken up", failure)
        )

    def _network(self, network: Network, credentials: Credentials) -> NetworkService:
        place = _endpoint(self._reactor, network, credentials)
        return NetworkService(self._reactor, network, credentials, place, self.requests, self._statuses)


def _endpoint(reactor: Any, network: Network, credentials: Credentials) -> IStreamClientEndpoint:
    host, port = network.address
    endpoint = HostnameEndpoint(reactor, host, port)
    if not network.tls:
        return endpoint
    own = [Certificate.loadPEM(each.encode()) for each in credentials.authorities]
    trust = trustRootFromCertificates(own) if own else platformTrust()
    wrapped: IStreamClientEndpoint = wrapClientTLS(optionsForClientTLS(host, trustRoot=trust), endpoint)
    return wrapped


make = IRCService
