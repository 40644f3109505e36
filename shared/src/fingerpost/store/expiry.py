"""Ends statuses when their time is over, as a change that every follower sees."""

from __future__ import annotations

from twisted.internet.defer import Deferred, gatherResults

from fingerpost.store.edits import StatusExpired
from fingerpost.store.interfaces import IThreads
from fingerpost.store.store import Store

__all__ = ["LOOK_EVERY", "end_expired"]

# Seconds between looks. A look is one indexed read; waiting for exactly the next expiry would have to follow
# every write and every change of the clock, to be half a second better.
LOOK_EVERY = 0.5

_AT_ONCE = 500


async def end_expired(store: Store, reading: IThreads) -> int:
    """End every status whose time is over; how many there were."""
    ended = 0
    while True:
        now = store.now()
        soon = await reading.run(store.engine.expiring, _AT_ONCE)
        due = [login for at, login in soon if at <= now]
        await gatherResults(
            [Deferred.fromCoroutine(store.write(login, StatusExpired(now))) for login in due], consumeErrors=True
        )
        ended += len(due)
        if len(due) < _AT_ONCE:
            return ended
