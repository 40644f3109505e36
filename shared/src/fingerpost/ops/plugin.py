"""How a service announces itself to `twistd`, and to `twistd fingerpost`, which runs them all in one process.

A drop-in makes one `ServicePlugin` of names alone; the module it names is imported only when the service is run. That
module has `Config`, an attrs class of the service's configuration, and `make(config, reactor, metrics)`, which returns
an `IOperated` service.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, TypeVar, cast

from twisted.application.service import IService, IServiceMaker, MultiService
from twisted.logger import Logger
from twisted.plugin import IPlugin
from twisted.python import usage
from twisted.python.reflect import namedModule
from zope.interface import Attribute, Interface, implementer

from fingerpost.errors import FingerpostError
from fingerpost.ops import journal
from fingerpost.ops.config import EX_CONFIG, load
from fingerpost.ops.events import Event
from fingerpost.ops.heartbeat import Heartbeat
from fingerpost.ops.metrics import Metrics, new_registry
from fingerpost.ops.notify import Notifier, watchdog_seconds
from fingerpost.ops.operated import IOperated, MetricsConfig, Reload

__all__ = ["IFingerpostService", "Options", "ServicePlugin", "configured", "explained"]

ETC = Path("/etc/fingerpost")
EX_UNAVAILABLE = 69  # sysexits.h: something that is needed is not to be had

T = TypeVar("T")


class IFingerpostService(Interface):
    """One of Fingerpost's services, as its drop-in announces it."""

    section = Attribute("What its configuration is called: a section, and a file below /etc/fingerpost (str)")

    def config() -> type:
        """The attrs class of its configuration."""

    def make(config: Any, reactor: Any, metrics: Metrics) -> IOperated:
        """The service, ready to start."""


class Options(usage.Options):
    """The options of every Fingerpost service."""

    section: ClassVar[str] = ""
    optParameters: ClassVar[list[Any]] = [
        ["config", "c", None, "the configuration file (default: /etc/fingerpost/NAME.yaml)"]
    ]

    @property
    def path(self) -> Path | None:
        """The file to read: the one given, or the one in /etc if there is one."""
        given = self["config"]
        if given is not None:
            return Path(given)
        usual = ETC / f"{self.section}.yaml"
        return usual if usual.exists() else None


@implementer(IPlugin, IServiceMaker, IFingerpostService)
class ServicePlugin:
    """See `IServiceMaker` and `IFingerpostService`."""

    def __init__(self, tapname: str, section: str, module: str, description: str) -> None:
        self.tapname = tapname
        self.section = section
        self.module = module
        self.description = description

    @property
    def options(self) -> type[Options]:
        """See `IServiceMaker`."""
        return type("Options", (Options,), {"section": self.section, "longdesc": self.description})

    def config(self) -> type:
        """See `IFingerpostService`."""
        return cast(type, namedModule(self.module).Config)

    def make(self, config: Any, reactor: Any, metrics: Metrics) -> IOperated:
        """See `IFingerpostService`."""
        return cast(IOperated, namedModule(self.module).make(config, reactor, metrics))

    def makeService(self, options: Options) -> IService:
        """See `IServiceMaker`."""
        from twisted.internet import reactor

        def make(config: Any, metrics: Metrics) -> IOperated:
            return self.make(config, reactor, metrics)

        read = partial(load, self.config(), options.path)
        return configured(self.tapname, read, make, lambda config: config.metrics, reactor)


def configured(
    name: str,
    read: Callable[[], Any],
    make: Callable[[Any, Metrics], IOperated],
    observed: Callable[[Any], MetricsConfig],
    reactor: Any,
) -> IService:
    """The service that a configuration asks for, and what systemd, the journal and Prometheus want of it.

    It takes up another configuration on SIGHUP; a wrong one at start ends the process.
    """
    log = journal.observer()
    log.identifier = name
    metrics = Metrics(new_registry())
    metrics.read_drops(lambda: log.dropped)
    config = explained(read, EX_CONFIG)
    service = explained(lambda: make(config, metrics), EX_CONFIG)
    seen = explained(lambda: _seen(reactor, observed(config), metrics, service), EX_CONFIG)
    notifier = Notifier(os.environ.get("NOTIFY_SOCKET"))
    watchdog = watchdog_seconds(os.environ, os.getpid())
    heartbeat = Heartbeat(reactor, notifier, name, service.describe, service.alive, watchdog)
    whole = Root()
    for part in (service, *seen, Reload(read, service, heartbeat, reactor), heartbeat):
        part.setServiceParent(whole)
    return cast(IService, whole)


def _seen(reactor: Any, config: MetricsConfig, metrics: Metrics, service: IOperated) -> list[IService]:
    if not config.wanted:
        return []
    from fingerpost.ops.observing import observing  # half of what it takes to import a service is a web server

    return [observing(reactor, config, metrics.registry, service.trouble)]


class Root(MultiService):
    """Ends the process with a sentence, not a traceback, where something can't start."""

    def privilegedStartService(self) -> None:
        """See `IService`."""
        explained(super().privilegedStartService, EX_UNAVAILABLE)


def explained(call: Callable[[], T], code: int) -> T:
    """Do something at start; if it can't be done, say why, in the journal or on stderr, and exit."""
    try:
        return call()
    except (FingerpostError, OSError) as error:
        log = journal.observer()
        if log.structured:
            Logger(__name__, observer=log).critical(
                "{finger_reason}", message_id=Event.CANNOT_START, finger_reason=str(error)
            )
        else:
            sys.stderr.write(f"{error}\n")
        raise SystemExit(code) from None
