"""Keeps what frontends are shown in step with what the site discloses, when the site has changed its mind."""

from __future__ import annotations

from twisted.internet.defer import Deferred, gatherResults
from twisted.logger import Logger

from fingerpost.codec import dump
from fingerpost.disclosure import Site
from fingerpost.store.edits import Looked
from fingerpost.store.interfaces import IThreads
from fingerpost.store.store import Store

__all__ = ["Disclosing"]

_KEPT = "site"
_AT_ONCE = 1000


class Disclosing:
    """Records are kept as frontends are shown them; under another site every one has to be looked at again.

    What has changed by that is a change like any other: frontends hear of it through the feed. Which site the records
    are for is remembered, so that it is known after a restart too.
    """

    _log = Logger()

    def __init__(self, store: Store, reading: IThreads, writing: IThreads, site: Site) -> None:
        self._store = store
        self._reading = reading
        self._writing = writing
        self.take_up(site)

    def take_up(self, site: Site) -> None:
        """What is written from now on is disclosed by this site; what is there, after the next look."""
        self._store.engine.site = site
        self._done = False

    def again(self) -> None:
        """The records are others than those that were looked at."""
        self._done = False

    async def look(self) -> None:
        """Go through the records, if they are for another site; raises `TemporarilyUnavailable` where it can't."""
        if self._done:
            return
        engine, site = self._store.engine, self._store.engine.site
        now = dump(site).decode()
        if await self._reading.run(engine.recall, _KEPT) != now:
            count = await self._look_at_all()
            await self._writing.run(engine.remember, _KEPT, now)
            self._log.info("What the site discloses was applied to {n} records", n=count)
        self._done = engine.site is site

    async def _look_at_all(self) -> int:
        count, after = 0, ""
        while page := await self._reading.run(self._store.engine.by_name, after, _AT_ONCE):
            looks = [Deferred.fromCoroutine(self._store.write(framed.login, Looked())) for framed in page]
            await gatherResults(looks, consumeErrors=True)
            count, after = count + len(page), page[-1].login
        return count
