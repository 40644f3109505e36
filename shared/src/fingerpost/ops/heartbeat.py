"""What a service says of itself while it runs: that it is ready, what it does, that it can answer, that it stops."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as Late
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from fingerpost.ops.events import Event
from fingerpost.ops.notify import Notifier

__all__ = ["STATUS_EVERY", "Heartbeat"]

STATUS_EVERY = 2.0  # seconds between looks at whether the status has changed

Alive = Callable[[], bool | Awaitable[bool]]


class Heartbeat(Service):
    """Tells systemd and the log how a service is.

    It is the last of its siblings to be added: it starts when they all listen, and stops before any of them does.
    `describe` says in a line what the service is doing. `watchdog` is what `watchdog_seconds` returns; the watchdog
    is fed in half that time, and only if `alive` is true by then.
    """

    _log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        notifier: Notifier,
        service: str,
        describe: Callable[[], str],
        alive: Alive,
        watchdog: float | None,
    ) -> None:
        self._clock = clock
        self._notifier = notifier
        self._service = service
        self._describe = describe
        self._alive = alive
        self._patience = (watchdog or 0.0) / 4
        self._answering = True
        self._said: str | None = None
        self._ready = False
        self._beats = [_beat(clock, self._say, STATUS_EVERY)]
        if watchdog is not None:
            self._beats.append(_beat(clock, self._feed, watchdog / 2))

    def startService(self) -> None:
        """Say that the service is ready."""
        super().startService()
        self._log.info(
            "{finger_service} has started: {status}",
            message_id=Event.STARTED,
            finger_service=self._service,
            status=self._describe(),
        )
        for beat, seconds in self._beats:
            beat.start(seconds)

    def stopService(self) -> None:
        """Say that the service stops."""
        super().stopService()
        for beat, _ in self._beats:
            beat.stop()
        self._ready = False
        self._notifier.stopping()
        self._log.info("{finger_service} stops", message_id=Event.STOPPED, finger_service=self._service)

    def reloading(self) -> None:
        """The configuration is being read again; `reloaded` has to follow."""
        self._notifier.reloading()

    def reloaded(self) -> None:
        """The configuration was taken up, or refused: the service answers, unless it stops meanwhile."""
        if self.running:
            self._ready = False
            self._say()

    def _say(self) -> None:
        """Say what is new; what systemd had no room for is said again the next time."""
        status = self._describe()
        if not self._ready:
            self._ready = self._notifier.ready(status)
            self._said = status if self._ready else None
        elif status != self._said and self._notifier.status(status):
            self._said = status

    def _feed(self) -> Deferred[None]:
        asking = Deferred.fromCoroutine(self._asked()).addTimeout(self._patience, self._clock)
        return asking.addCallbacks(self._answered, self._silent)

    async def _asked(self) -> bool:
        answer = self._alive()
        return answer if isinstance(answer, bool) else await answer

    def _answered(self, alive: bool) -> None:
        if not self.running:
            return
        if not alive:
            self._starve("it says so itself")
            return
        self._notifier.watchdog()
        if not self._answering:
            self._log.info("{finger_service} answers again", message_id=Event.ANSWERING, finger_service=self._service)
        self._answering = True

    def _silent(self, failure: Failure) -> None:
        late = f"no answer within {self._patience:g} s"
        self._starve(late if failure.check(Late) else failure.getErrorMessage())

    def _starve(self, reason: str) -> None:
        """Without food systemd ends the service and starts another, which is what is wanted of it now."""
        if self._answering and self.running:
            self._log.error(
                "{finger_service} can't answer, and systemd will restart it unless that changes: {finger_reason}",
                message_id=Event.NOT_ANSWERING,
                finger_service=self._service,
                finger_reason=reason,
            )
        self._answering = False


def _beat(clock: IReactorTime, work: Callable[[], Any], seconds: float) -> tuple[LoopingCall, float]:
    beat = LoopingCall(work)
    beat.clock = clock
    return beat, seconds
