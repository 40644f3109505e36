"""Wires the web service: its ports for HTTP and HTTPS, its pages, and the replica they are made from."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from attrs import frozen
from fingerpost.disclosed import Disclosed
from fingerpost.lookups import Lookups
from fingerpost.model import Audience
from fingerpost.ops.frontend import ReadingFrontend
from fingerpost.ops.guard import Guard
from fingerpost.ops.limits import Admission
from fingerpost.ops.metrics import Metrics
from fingerpost.ops.services import Draining, Periodic, endpoints
from twisted.protocols.tls import TLSMemoryBIOFactory

from fingerpost_web.configuration import Config
from fingerpost_web.pages import Pages
from fingerpost_web.rehearsal import rehearse
from fingerpost_web.resources import Front
from fingerpost_web.rpc import RPC
from fingerpost_web.site import Site
from fingerpost_web.theme import Theme
from fingerpost_web.tls import Credentials, Renewable, context

__all__ = ["Config", "make"]

_DAY = 86400.0


@frozen(eq=False)
class _Files:
    """What a configuration has read from files."""

    theme: Theme
    credentials: Credentials | None


class WebService(ReadingFrontend):
    """The web service."""

    tapname = "finger-web"
    live = ("limits", "templates", "title", "page_size", "history_limit", "users_limit", "tls")

    def __init__(self, config: Config, reactor: Any, metrics: Metrics) -> None:
        super().__init__(config, reactor, metrics)
        files = self.prepare(config)
        statuses = Disclosed(self.replica, Audience.WORLD)
        self._pages = Pages(statuses, config, files.theme)
        self._lookups = Lookups(statuses, config)
        self._admission = Admission(config.limits, reactor, self.requests.full)
        self.lets_in(self._admission)
        site = Site(Front(self._pages, RPC(self._lookups)), self._admission, self.requests, reactor)
        self._listen(reactor, site, site, config.listen, "web", "tcp:8000:interface=127.0.0.1")
        self._tls = None if files.credentials is None else Renewable(files.credentials)
        if config.tls is not None and self._tls is not None:
            tls = self._tls
            self.requests.metrics.read_certificate(lambda: tls.current.expires.timestamp())
            Periodic(reactor, _DAY, "Looking at the certificate", self._look).setServiceParent(self)
            secure = TLSMemoryBIOFactory(self._tls, False, site, reactor)
            self._listen(reactor, site, secure, config.tls.listen, "web-tls", "tcp:8443:interface=127.0.0.1")

    def _listen(self, reactor: Any, site: Site, factory: Any, listen: Any, name: str, default: str) -> None:
        guard = Guard(reactor, self._admission, self.requests, factory, site.finish)
        places = endpoints(reactor, listen, name, default)
        if not places:
            self._log.warn("Nothing listens as '{name}': systemd passed no such socket", name=name)
        Draining(places, guard).setServiceParent(self)

    def prepare(self, config: Config) -> _Files:
        """See `IOperated`: templates and the certificate are read; raises `FingerpostError`."""
        theme = Theme.read(config.templates)
        rehearse(theme)
        return _Files(theme, None if config.tls is None else context(config.tls))

    def fixed(self, config: Config) -> dict[str, object]:
        """See `Operated`: the files of `tls` are taken up, and whether and where there is HTTPS is not."""
        return super().fixed(config) | {"tls.listen": config.tls and (config.tls.listen, True)}

    async def _look(self) -> None:
        if self._tls is not None:
            self._tls.look(datetime.now(UTC))

    def reconfigured(self, config: Config, prepared: _Files) -> None:
        """See `Operated`."""
        self._admission.limits = config.limits
        self._pages.config = self._lookups.config = config
        self._pages.theme = prepared.theme
        if self._tls is not None and prepared.credentials is not None:
            self._tls.current = prepared.credentials
            self._tls.look(datetime.now(UTC))


make = WebService
