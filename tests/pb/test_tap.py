"""The pb service as it is wired: its configuration, and what a reload takes up."""

from __future__ import annotations

from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from fingerpost.errors import FingerpostError
from fingerpost.model import Change, Person, Record
from fingerpost.ops.config import load
from fingerpost.ops.limits import Limits
from fingerpost_pb.tap import Config, make
from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from tests.kit import metrics


class TapTests(SynchronousTestCase):
    """The service, not started."""

    def config(self, text: str) -> Config:
        path = Path(mkdtemp()) / "pb.yaml"
        path.write_text(text)
        return load(Config, path)

    def test_defaults(self) -> None:
        """No configuration at all is a working one."""
        self.assertEqual(load(Config, None), Config())
        service: Any = make(Config(), MemoryReactorClock(), metrics())
        self.assertEqual(service.tapname, "finger-pb")

    def test_wrong_values(self) -> None:
        """A limit that can't be kept, or a key that there is not, is refused by its name."""
        for text, words in (
            ("list_limit: 0", "list_limit"),
            ("list_limit: 5001", "list_limit"),
            ("users_limit: 10001", "users_limit"),
            ("show: [status]", "show"),
        ):
            self.assertIn(words, str(self.assertRaises(FingerpostError, self.config, text)))

    def test_reload(self) -> None:
        """How much is answered, and the limits, change while the service runs; the rest waits."""
        service: Any = make(Config(), MemoryReactorClock(), metrics())
        changed = self.config("{users_limit: 5, limits: {rate: 1}, list_limit: 7}")
        with capturedLogs() as events:
            service.reload(changed, service.prepare(changed))
        self.assertIn("taken up at the next restart", formatEvent(events[0]))
        self.assertIn("list_limit", formatEvent(events[0]))
        self.assertEqual(service._lookups.config, changed)
        self.assertEqual(service._admission.limits, Limits(rate=1))

    def test_strangers(self) -> None:
        """Everybody is answered as a stranger, from wherever they ask."""
        service: Any = make(Config(), MemoryReactorClock(), metrics())
        service.replica.complete = True
        record = Record(Person("ada", office="Room 1", plan="None"), local=("office",))
        service.replica._heard(1, 1, [Change(1, "ada", record)])
        found = self.successResultOf(Deferred.fromCoroutine(service._lookups.record("ada")))
        self.assertEqual(found, {"login": "ada", "name": "ada", "plan": "None"})
