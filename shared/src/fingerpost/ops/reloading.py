"""Services whose configuration may change while they run, and the signal that has it read again."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any, ClassVar

from attrs import fields_dict
from twisted.application.service import IService, Service
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from zope.interface import implementer

from fingerpost.errors import FingerpostError
from fingerpost.ops.services import OrderedService

__all__ = ["IReloadable", "Reload", "Reloadable"]


class IReloadable(IService):
    """A service whose configuration may change while it runs."""

    def prepare(config: Any) -> Any:
        """Read, in a thread, what a configuration names; raises `FingerpostError` where it can't be used."""

    def reload(config: Any, prepared: Any) -> None:
        """Take up what can be changed; what can't is said in the log, and waits for a restart."""


@implementer(IReloadable)
class Reloadable(OrderedService):
    """Takes up the keys named in `live` while it runs; that the others have changed is said in the log."""

    live: ClassVar[tuple[str, ...]] = ()
    _log = Logger()

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.config = self._started = config

    def prepare(self, config: Any) -> Any:
        """See `IReloadable`."""

    def reload(self, config: Any, prepared: Any) -> None:
        """See `IReloadable`."""
        waiting = [
            key
            for key in fields_dict(type(config))
            if key not in self.live and getattr(config, key) != getattr(self._started, key)
        ]
        if waiting:
            self._log.warn("What has changed of {keys} is taken up at the next restart", keys=", ".join(waiting))
        self.config = config
        self.reconfigured(config, prepared)

    def reconfigured(self, config: Any, prepared: Any) -> None:
        """Take up the live keys of a new configuration, and what `prepare` made of it."""


class Reload(Service):
    """Reads the configuration again on SIGHUP; a bad file is reported, and the running configuration stays."""

    _log = Logger()

    def __init__(self, read: Callable[[], Any], service: IReloadable, reactor: Any) -> None:
        self._read = read
        self._service = service
        self._reactor = reactor
        self._before: Any = None

    def startService(self) -> None:
        """Listen for the signal."""
        super().startService()
        self._before = signal.signal(signal.SIGHUP, lambda *_: self._reactor.callFromThread(self.reload))

    def stopService(self) -> None:
        """Leave the signal to whoever had it."""
        super().stopService()
        signal.signal(signal.SIGHUP, self._before)

    def reload(self) -> None:
        """Take up the configuration as it now is; it is read in a thread, because a disk may be slow."""
        reading = deferToThreadPool(self._reactor, self._reactor.getThreadPool(), self._prepared)
        reading.addCallback(lambda found: self._service.reload(*found)).addCallbacks(self._reloaded, self._refused)

    def _prepared(self) -> tuple[Any, Any]:
        config = self._read()
        return config, self._service.prepare(config)

    def _reloaded(self, _: object) -> None:
        self._log.info("The configuration was reloaded")

    def _refused(self, failure: Any) -> None:
        if failure.check(FingerpostError):
            reason = failure.getErrorMessage()
            self._log.error("The configuration was not reloaded, the running one stays: {reason}", reason=reason)
        else:
            self._log.failure("The configuration was not reloaded, the running one stays", failure)
