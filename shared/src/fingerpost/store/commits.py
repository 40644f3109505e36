"""How writing goes: each commit is measured, and said when it begins to fail and when it no longer does."""

from __future__ import annotations

from collections.abc import Sequence

from twisted.logger import Logger

from fingerpost.errors import TemporarilyUnavailable
from fingerpost.ops.events import Event
from fingerpost.ops.storemetrics import StoreMetrics

__all__ = ["Commits"]


class Commits:
    """Called with the seconds that a commit took, and with what became of each write in it."""

    _log = Logger()

    def __init__(self, metrics: StoreMetrics) -> None:
        self.trouble: str | None = None
        self._metrics = metrics

    def __call__(self, seconds: float, outcomes: Sequence[object]) -> None:
        """See the class."""
        refused = [outcome for outcome in outcomes if isinstance(outcome, TemporarilyUnavailable)]
        if refused and len(refused) == len(outcomes):
            self._failed(str(refused[0]))
            return
        self._metrics.committed(seconds, len(outcomes))
        if self.trouble is not None:
            self.trouble = None
            self._log.info("Statuses are written again", message_id=Event.WRITE_RECOVERED)

    def _failed(self, reason: str) -> None:
        if reason != self.trouble:
            self.trouble = reason
            self._log.error(
                "No status can be written: {finger_reason}", message_id=Event.WRITE_FAILED, finger_reason=reason
            )
