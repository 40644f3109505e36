"""Hands every committed change to every subscriber, in order, one batch in flight for each."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from fingerpost.errors import Resync
from fingerpost.store.interfaces import Framed
from fingerpost.wire import PAGE_BYTES

__all__ = ["BATCH", "Feed", "Subscription"]

BATCH = 400  # changes in one batch

Send = Callable[[int, int, Sequence[Framed]], Deferred[Any]]
Older = Callable[[int, int], Deferred[list[Framed]]]


class Feed:
    """The tail of the change log, kept in memory, and who follows it.

    `older(since, limit)` reads what the tail no longer holds.
    """

    def __init__(self, revision: int, older: Older, tail: int = 10_000) -> None:
        self.revision = revision
        self.older = older
        self._tail: deque[Framed] = deque(maxlen=tail)
        self._subscriptions: set[Subscription] = set()

    def __len__(self) -> int:
        return len(self._subscriptions)

    def publish(self, changes: Sequence[Framed]) -> None:
        """Newly committed changes, contiguous with those before."""
        if not changes:
            return
        self._tail.extend(changes)
        self.revision = changes[-1].revision
        for subscription in tuple(self._subscriptions):
            subscription.wake()

    def forget_tail(self) -> None:
        """What is kept here may tell more than may be seen now; whoever is behind has it from the log."""
        self._tail.clear()

    def subscribe(self, since: int, send: Send, dropped: Callable[[], None]) -> Subscription:
        """Send every change behind `since` from now on; `dropped` is called where the feed had to give up."""
        subscription = Subscription(self, since, send, dropped)
        self._subscriptions.add(subscription)
        return subscription

    def forget(self, subscription: Subscription) -> None:
        """Send no more."""
        self._subscriptions.discard(subscription)

    async def behind(self, since: int) -> list[Framed]:
        """The next changes behind a revision, as many as fit into a batch."""
        first = self.revision - len(self._tail) + 1
        if since + 1 >= first:
            start = since + 1 - first
            return fitting(islice(self._tail, start, start + BATCH))
        return fitting(await self.older(since, BATCH))


class Subscription:
    """One subscriber's place in the feed."""

    _log = Logger()

    def __init__(self, feed: Feed, since: int, send: Send, dropped: Callable[[], None]) -> None:
        self.since = since
        self._feed = feed
        self._send = send
        self._dropped = dropped
        self._sending = False
        self._ended = False

    def wake(self) -> None:
        """There may be something to send."""
        if not (self._sending or self._ended):
            self._sending = True
            Deferred.fromCoroutine(self._catch_up()).addErrback(self._gave_up)

    def end(self) -> None:
        """Stop; the subscriber is gone."""
        self._ended = True
        self._feed.forget(self)

    async def _catch_up(self) -> None:
        try:
            while self.since < self._feed.revision and not self._ended:
                changes = await self._feed.behind(self.since)
                last = changes[-1].revision
                await self._send(self.since + 1, last, changes)
                self.since = last
        finally:
            self._sending = False

    def _gave_up(self, failure: Any) -> None:
        if self._ended:
            return
        self.end()
        if not failure.check(Resync):
            self._log.warn("A subscriber was dropped: {error}", error=failure.getErrorMessage())
        self._dropped()


T = TypeVar("T", Framed, bytes)


def fitting(items: Iterable[T]) -> list[T]:
    """The first of the items that fit into a page together; always at least one."""
    kept: list[T] = []
    size = 0
    for item in items:
        size += len(item) + 1
        if kept and size > PAGE_BYTES:
            break
        kept.append(item)
    return kept
