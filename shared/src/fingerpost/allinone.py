"""`twistd fingerpost`: the store and every frontend that is installed, in one process, over the same AMP sockets.

For one person, or one machine without systemd. The sockets lie in a private directory that only its owner reaches.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from attrs import evolve
from twisted.application.service import IService, IServiceMaker, MultiService, Service
from twisted.internet.defer import maybeDeferred
from twisted.internet.endpoints import quoteStringArgument
from twisted.plugin import IPlugin, getPlugins
from zope.interface import implementer

from fingerpost.errors import FingerpostError
from fingerpost.ops.config import EX_CONFIG, load_sections
from fingerpost.ops.frontend import WRITE_SOCKET
from fingerpost.ops.metrics import Metrics
from fingerpost.ops.operated import IOperated, MetricsConfig
from fingerpost.ops.plugin import IFingerpostService, ServicePlugin, configured, explained
from fingerpost.ops.services import OrderedService
from fingerpost.store.configuration import SourceConfig
from fingerpost.tutorial import AllInOneOptions, overridden, tutorial

__all__ = ["AllInOne", "private"]

Sections = Mapping[str, Any]


@implementer(IPlugin, IServiceMaker)
class AllInOne:
    """See `IServiceMaker`."""

    options = AllInOneOptions

    def __init__(self, tapname: str, description: str) -> None:
        self.tapname = tapname
        self.description = description

    def makeService(self, options: AllInOneOptions) -> IService:
        """See `IServiceMaker`."""
        from twisted.internet import reactor

        plugins: Any = getPlugins(IFingerpostService)
        parts: dict[str, ServicePlugin] = {plugin.section: plugin for plugin in plugins}
        kinds = {section: plugin.config() for section, plugin in parts.items()} | {"metrics": MetricsConfig}
        state = Path(options["state"]).absolute() if options["state"] else None
        scratch = Scratch()
        sockets = explained(lambda: _sockets(state), EX_CONFIG) if state else scratch.path

        def read() -> Sections:
            given = tutorial(options, state or sockets)
            return private(overridden(load_sections(kinds, options.path), given), sockets, state, options["file"])

        whole = partial(_Whole, parts, scratch, reactor)
        return configured(self.tapname, read, whole, lambda sections: sections["metrics"], reactor)


class Scratch(Service):
    """A folder for the sockets of a process that keeps nothing; it goes when the service stops."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="fingerpost-")
        self.path = Path(self._folder.name)

    def stopService(self) -> None:
        """See `IService`."""
        super().stopService()
        self._folder.cleanup()


def _sockets(state: Path) -> Path:
    """The folder for the sockets: nobody else may reach them, because whoever does may write."""
    folder = state / "sockets"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def private(sections: Sections, sockets: Path, state: Path | None, users: str | None) -> dict[str, Any]:
    """The sections with the sockets in the private folder, and the tutorial's users file as the first source.

    The socket for people is there too, for the owner alone. A store whose engine is not configured keeps its database
    in the state folder, or nothing at all.
    """
    mine = dict(sections)
    store = mine["store"]
    places = {name: quoteStringArgument(f"{sockets}/{name}.sock") for name in ("read", "write", "admin", "user")}
    listen = {name: (f"unix:{place}:mode=600:backlog=1024",) for name, place in places.items()}
    user = listen.pop("user")
    if store.engine == type(store)().engine:
        store = evolve(store, engine=f"sqlite:{state}/status.db" if state else "memory:")
    if users is not None:
        store = evolve(store, sources=(SourceConfig("file", users, name="users"), *store.sources))
    mine["store"] = evolve(store, listen=evolve(store.listen, **listen))
    for section in mine.keys() - {"metrics"}:
        config = mine[section]
        if config.metrics != MetricsConfig():
            raise FingerpostError(f"{section}.metrics: one process has one metrics socket; put `metrics` at the top")
        if section != "store":
            socket = "write" if type(config)().store == WRITE_SOCKET else "read"
            mine[section] = evolve(config, store=f"unix:{places[socket]}")
    if "setter" in mine and mine["setter"].listen_user is None:
        mine["setter"] = evolve(mine["setter"], listen_user=user)
    return mine


@implementer(IOperated)
class _Whole(OrderedService):
    """Every service, the store first and so stopped last."""

    def __init__(
        self, parts: Mapping[str, ServicePlugin], scratch: Scratch, reactor: Any, sections: Sections, metrics: Metrics
    ) -> None:
        super().__init__()
        scratch.setServiceParent(self)
        self._running = {section: part.make(sections[section], reactor, metrics) for section, part in parts.items()}
        frontends = MultiService()  # which are stopped all at once, and the store behind them
        for section, service in self._running.items():
            service.setServiceParent(self if section == "store" else frontends)
        frontends.setServiceParent(self)

    def describe(self) -> str:
        """See `IOperated`."""
        return self.trouble() or "; ".join(f"{section}: {part.describe()}" for section, part in self._running.items())

    def trouble(self) -> str | None:
        """See `IOperated`."""
        return next((trouble for part in self._running.values() if (trouble := part.trouble())), None)

    async def alive(self) -> bool:
        """See `IOperated`."""
        return all([await maybeDeferred(part.alive) for part in self._running.values()])

    def prepare(self, sections: Sections) -> dict[str, Any]:
        """See `IOperated`."""
        return {section: service.prepare(sections[section]) for section, service in self._running.items()}

    def reload(self, sections: Sections, prepared: Mapping[str, Any]) -> None:
        """See `IOperated`."""
        for section, service in self._running.items():
            service.reload(sections[section], prepared[section])
