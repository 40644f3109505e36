"""How a service announces itself to `twistd`, and to `twistd fingerpost`, which runs them all in one process.

A drop-in makes one `ServicePlugin` of names alone; the module it names is imported only when the service is run. That
module has `Config`, an attrs class of the service's configuration, and `make(config, reactor)`, which returns an
`IReloadable` service.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, TypeVar, cast

from twisted.application.service import IService, IServiceMaker, MultiService
from twisted.plugin import IPlugin
from twisted.python import usage
from twisted.python.reflect import namedModule
from zope.interface import Attribute, Interface, implementer

from fingerpost.errors import FingerpostError
from fingerpost.ops.config import EX_CONFIG, load
from fingerpost.ops.reloading import IReloadable, Reload

__all__ = ["IFingerpostService", "Options", "ServicePlugin", "configured", "explained"]

ETC = Path("/etc/fingerpost")
EX_UNAVAILABLE = 69  # sysexits.h: something that is needed is not to be had

T = TypeVar("T")


class IFingerpostService(Interface):
    """One of Fingerpost's services, as its drop-in announces it."""

    section = Attribute("What its configuration is called: a section, and a file below /etc/fingerpost (str)")

    def config() -> type:
        """The attrs class of its configuration."""

    def make(config: Any, reactor: Any) -> IReloadable:
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

    def make(self, config: Any, reactor: Any) -> IReloadable:
        """See `IFingerpostService`."""
        return cast(IReloadable, namedModule(self.module).make(config, reactor))

    def makeService(self, options: Options) -> IService:
        """See `IServiceMaker`."""
        from twisted.internet import reactor

        return configured(
            partial(load, self.config(), options.path), lambda config: self.make(config, reactor), reactor
        )


def configured(read: Callable[[], Any], make: Callable[[Any], IReloadable], reactor: Any) -> IService:
    """The service that a configuration asks for, which takes up a new one on SIGHUP; a wrong one ends the process."""
    service = explained(lambda: make(read()), EX_CONFIG)
    whole = Root()
    service.setServiceParent(whole)
    Reload(read, service, reactor).setServiceParent(whole)
    return cast(IService, whole)


class Root(MultiService):
    """Ends the process with a sentence, not a traceback, where something can't start."""

    def privilegedStartService(self) -> None:
        """See `IService`."""
        explained(super().privilegedStartService, EX_UNAVAILABLE)


def explained(call: Callable[[], T], code: int) -> T:
    """Do something at start; if it can't be done, say why on stderr and exit."""
    try:
        return call()
    except (FingerpostError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(code) from None
