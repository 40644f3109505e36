"""Gathering what many ask into one batch."""

from __future__ import annotations

from collections.abc import Sequence

from fingerpost.store.batches import Batches
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase


class BatchesTests(SynchronousTestCase):
    """Items in, results out."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.performed: list[tuple[Sequence[str], Deferred[Sequence[str | Exception]]]] = []
        self.batches: Batches[str, str] = Batches(self.clock, self.perform, most=3)

    def perform(self, items: Sequence[str]) -> Deferred[Sequence[str | Exception]]:
        done: Deferred[Sequence[str | Exception]] = Deferred()
        self.performed.append((items, done))
        return done

    def test_one_turn_one_batch(self) -> None:
        """What is asked in one turn is done together, and each caller gets its own result."""
        one, two = self.batches.submit("one"), self.batches.submit("two")
        self.clock.advance(0)
        items, done = self.performed[0]
        self.assertEqual(items, ["one", "two"])
        done.callback(["1", ValueError("2")])
        self.assertEqual(self.successResultOf(one), "1")
        self.failureResultOf(two, ValueError)

    def test_gathers_while_under_way(self) -> None:
        """What is asked while a batch is under way is the next batch, which begins as soon as that ends."""
        self.batches.submit("one")
        self.clock.advance(0)
        waiting = [self.batches.submit(item) for item in "abcd"]
        self.assertEqual(len(self.performed), 1)
        self.performed[0][1].callback(["1"])
        self.assertEqual(self.performed[1][0], ["a", "b", "c"])
        self.performed[1][1].callback(["A", "B", "C"])
        self.performed[2][1].callback(["D"])
        self.assertEqual([self.successResultOf(answer) for answer in waiting], ["A", "B", "C", "D"])

    def test_failure(self) -> None:
        """A batch that fails as a whole fails for each caller, and the next one is done all the same."""
        one = self.batches.submit("one")
        self.clock.advance(0)
        two = self.batches.submit("two")
        self.performed[0][1].errback(OSError("broken"))
        self.failureResultOf(one, OSError)
        self.performed[1][1].callback(["2"])
        self.assertEqual(self.successResultOf(two), "2")

    def test_finish(self) -> None:
        """`finish` waits for what is waiting and under way, and not for nothing."""
        self.successResultOf(self.batches.finish())
        self.batches.submit("one")
        finished = self.batches.finish()
        self.clock.advance(0)
        self.assertNoResult(finished)
        self.performed[0][1].callback(["1"])
        self.successResultOf(finished)
