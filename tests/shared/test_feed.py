"""The feed of changes: in order, one batch in flight for each subscriber, and nobody waits for the slowest."""

from __future__ import annotations

from collections.abc import Sequence

from fingerpost.errors import Resync
from fingerpost.store.feed import BATCH, Feed
from fingerpost.store.interfaces import Framed
from twisted.internet.defer import Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase


def changes(first: int, last: int, size: int = 10) -> list[Framed]:
    """Changes with these revisions."""
    return [Framed(revision, f"u{revision}", b"x" * size) for revision in range(first, last + 1)]


class Subscriber:
    """Takes batches, and answers when it is told to."""

    def __init__(self, feed: Feed, since: int = 0) -> None:
        self.batches: list[tuple[int, int]] = []
        self.unanswered: list[Deferred[None]] = []
        self.dropped = 0
        self.subscription = feed.subscribe(since, self.send, self.drop)
        self.subscription.wake()

    def send(self, first: int, last: int, sent: Sequence[Framed]) -> Deferred[None]:
        """Take a batch, whose revisions are those that it says."""
        if [change.revision for change in sent] != list(range(first, last + 1)):
            raise AssertionError(f"{first} to {last} were not in {sent}")
        self.batches.append((first, last))
        self.unanswered.append(Deferred())
        return self.unanswered[-1]

    def drop(self) -> None:
        """The feed has given up."""
        self.dropped += 1

    def answer(self) -> None:
        """Ask for the next batch."""
        self.unanswered.pop(0).callback(None)


class FeedTests(SynchronousTestCase):
    """One feed, some subscribers."""

    def setUp(self) -> None:
        self.log: list[Framed] = []
        self.feed = Feed(0, self.older, tail=1000)

    def older(self, since: int, limit: int) -> Deferred[list[Framed]]:
        found = [change for change in self.log if change.revision > since][:limit]
        return succeed(found) if found and found[0].revision == since + 1 else fail(Resync())

    def publish(self, first: int, last: int, size: int = 10) -> None:
        made = changes(first, last, size)
        self.log += made
        self.feed.publish(made)

    def test_one_batch_in_flight(self) -> None:
        """A batch is sent when the one before was answered; a slow subscriber gets a fatter one."""
        slow, quick = Subscriber(self.feed), Subscriber(self.feed)
        for revision in range(1, 6):
            self.publish(revision, revision)
            quick.answer()
        self.assertEqual(slow.batches, [(1, 1)])
        self.assertEqual(quick.batches, [(n, n) for n in range(1, 6)])
        slow.answer()
        self.assertEqual(slow.batches, [(1, 1), (2, 5)])

    def test_batches_are_bounded(self) -> None:
        """A batch has at most 400 changes, and at most what fits into a page."""
        many = Subscriber(self.feed)
        self.publish(1, BATCH + 50)
        many.answer()
        self.assertEqual(many.batches, [(1, BATCH), (BATCH + 1, BATCH + 50)])
        many.answer()
        self.publish(BATCH + 51, BATCH + 150, size=1000)
        self.assertLess(many.batches[-1][1], BATCH + 100)

    def test_catches_up_from_the_log(self) -> None:
        """Somebody who is further behind than the tail in memory reaches gets the older changes from the engine."""
        self.publish(1, 1500)
        late = Subscriber(self.feed, since=100)
        while late.unanswered:
            late.answer()
        self.assertEqual((late.batches[0][0], late.batches[-1][1]), (101, 1500))

    def test_too_far_behind(self) -> None:
        """Where the log no longer reaches back, the subscriber is dropped, to load afresh."""
        self.publish(1, 1500)
        del self.log[:200]
        late = Subscriber(self.feed, since=100)
        self.assertEqual((late.batches, late.dropped, len(self.feed)), ([], 1, 0))

    def test_gone(self) -> None:
        """A subscriber that has left is sent nothing more, and its lost batch disturbs nobody."""
        gone = Subscriber(self.feed)
        self.publish(1, 1)
        gone.subscription.end()
        gone.unanswered.pop().errback(ConnectionError())
        self.publish(2, 2)
        self.assertEqual((gone.batches, gone.dropped), ([(1, 1)], 0))

    def test_broken_subscriber(self) -> None:
        """One that refuses a batch is dropped, and the others go on."""
        broken, well = Subscriber(self.feed), Subscriber(self.feed)
        self.publish(1, 1)
        broken.unanswered.pop().errback(ValueError("no"))
        well.answer()
        self.publish(2, 2)
        self.assertEqual((broken.dropped, well.batches), (1, [(1, 1), (2, 2)]))
