"""Services as operators see them: what they say of themselves, and how they take up another configuration."""

from __future__ import annotations

import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from attrs import field, fields_dict, frozen
from attrs.validators import min_len, optional
from twisted.application.service import IService, Service
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from zope.interface import implementer

from fingerpost.errors import FingerpostError
from fingerpost.ops.events import Event
from fingerpost.ops.heartbeat import Heartbeat
from fingerpost.ops.services import OrderedService, check_listen
from fingerpost.ops.sockets import inherited

__all__ = ["IOperated", "MetricsConfig", "Operated", "OperatedConfig", "Reload"]


@frozen(kw_only=True)
class MetricsConfig:
    """See `metrics:` in every file. Without `listen`, the socket is the inherited one, and there is none without it."""

    listen: tuple[str, ...] | None = field(default=None, validator=[optional(min_len(1)), check_listen])

    @property
    def wanted(self) -> bool:
        """Whether there is to be a metrics socket."""
        return self.listen is not None or "metrics" in inherited(os.environ)


@frozen(kw_only=True, slots=False)
class OperatedConfig:
    """The key that every service has: where Prometheus finds it."""

    metrics: MetricsConfig = field(factory=MetricsConfig)


class IOperated(IService):
    """A service that can be watched, and whose configuration may change while it runs."""

    def prepare(config: Any) -> Any:
        """Read, in a thread, what a configuration names; raises `FingerpostError` where it can't be used."""

    def reload(config: Any, prepared: Any) -> None:
        """Take up what can be changed; what can't is said in the log, and waits for a restart."""

    def describe() -> str:
        """What the service does now, in a line."""

    def trouble() -> str | None:
        """Why the service can't answer as it should, in a sentence; None where it can."""

    def alive() -> bool | Awaitable[bool]:
        """Whether the service can answer at all; if not, it is to be restarted."""


@implementer(IOperated)
class Operated(OrderedService):
    """Takes up the keys named in `live` while it runs; that the others have changed is said in the log."""

    live: ClassVar[tuple[str, ...]] = ()
    _log = Logger()

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.config = self._started = config

    def describe(self) -> str:
        """See `IOperated`."""
        return self.trouble() or "Running"

    def trouble(self) -> str | None:
        """See `IOperated`."""
        return None

    def alive(self) -> bool | Awaitable[bool]:
        """See `IOperated`: the reactor turns, and needs nobody else to answer."""
        return True

    def prepare(self, config: Any) -> Any:
        """See `IOperated`."""

    def reload(self, config: Any, prepared: Any) -> None:
        """See `IOperated`."""
        now, started = self.fixed(config), self.fixed(self._started)
        waiting = [key for key in now if now[key] != started[key]]
        if waiting:
            self._log.warn(
                "What has changed of {finger_keys} is taken up at the next restart",
                message_id=Event.RESTART_NEEDED,
                finger_keys=", ".join(waiting),
            )
        self.config = config
        self.reconfigured(config, prepared)

    def fixed(self, config: Any) -> dict[str, object]:
        """What of a configuration can't be taken up while the service runs."""
        return {key: getattr(config, key) for key in fields_dict(type(config)) if key not in {*self.live, "log"}}

    def reconfigured(self, config: Any, prepared: Any) -> None:
        """Take up the live keys of a new configuration, and what `prepare` made of it."""


class Reload(Service):
    """Reads the configuration again on SIGHUP; a bad file is reported, and the running configuration stays."""

    _log = Logger()

    def __init__(self, read: Callable[[], Any], service: IOperated, heartbeat: Heartbeat, reactor: Any) -> None:
        self._read = read
        self._service = service
        self._heartbeat = heartbeat
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
        self._heartbeat.reloading()
        reading = deferToThreadPool(self._reactor, self._reactor.getThreadPool(), self._prepared)
        reading.addCallback(lambda found: self._service.reload(*found)).addCallbacks(self._reloaded, self._refused)
        reading.addBoth(lambda _: self._heartbeat.reloaded())

    def _prepared(self) -> tuple[Any, Any]:
        config = self._read()
        return config, self._service.prepare(config)

    def _reloaded(self, _: object) -> None:
        self._log.info("The configuration was reloaded", message_id=Event.CONFIGURATION_RELOADED)

    def _refused(self, failure: Any) -> None:
        if failure.check(FingerpostError):
            self._log.error(
                "The configuration was not reloaded, the running one stays: {finger_reason}",
                message_id=Event.CONFIGURATION_REFUSED,
                finger_reason=failure.getErrorMessage(),
            )
        else:
            self._log.failure("The configuration was not reloaded, the running one stays", failure)
