"""The web service as it is wired."""

from __future__ import annotations

from typing import Any

from fingerpost.model import Change, Person, Record
from fingerpost_web.tap import Config, make
from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from tests.kit import metrics


class TapTests(SynchronousTestCase):
    """The service, not started."""

    def test_strangers(self) -> None:
        """Everybody is answered as a stranger, in pages and over XML-RPC, from wherever they ask."""
        service: Any = make(Config(history_limit=0), MemoryReactorClock(), metrics())
        service.replica.complete = True
        record = Record(Person("ada", office="Room 1", plan="None"), local=("office",))
        service.replica._heard(1, 1, [Change(1, "ada", record)])
        found = self.successResultOf(Deferred.fromCoroutine(service._lookups.record("ada")))
        self.assertEqual(found, {"login": "ada", "name": "ada", "plan": "None"})
        page = self.successResultOf(Deferred.fromCoroutine(service._pages.person("ada")))
        self.assertNotIn(b"Room 1", page.body)
