"""Statuses as one audience may see them: what a frontend answers from that knows from where it is asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache, partial

from attrs import evolve
from zope.interface import implementer

from fingerpost.directory import Cursor
from fingerpost.disclosure import Site, past_status, seen
from fingerpost.interfaces import IStatuses, Page
from fingerpost.model import Audience, Change, Record, Status

__all__ = ["Disclosed"]

_PAGE = 1000
_MOST = 5000  # people looked at for one page: where nearly everybody's status is kept back, the list may end early
_REMEMBERED = 2000


@implementer(IStatuses)
class Disclosed:
    """See `IStatuses`; `asker` is WORLD or LOCAL, since nothing else reaches a frontend unasked."""

    def __init__(self, statuses: IStatuses, asker: Audience) -> None:
        self._statuses = statuses
        self._asker = asker
        self._seen = lru_cache(_REMEMBERED)(partial(seen, asker=asker))  # the same record for the same record

    @property
    def stale(self) -> bool:
        """See `IStatuses`."""
        stale: bool = self._statuses.stale
        return stale

    @property
    def site(self) -> Site:
        """See `IStatuses`."""
        site: Site = self._statuses.site
        return site

    @property
    def kept_back(self) -> frozenset[str]:
        """The fields that the asker is usually not shown: of those, nobody is said to have none."""
        return self.site.keeps_back(self._asker)

    async def get(self, name: str) -> Record:
        """See `IStatuses`."""
        return self._mine(await self._statuses.get(name))

    async def find(self, text: str, limit: int) -> list[Record]:
        """See `IStatuses`."""
        return [self._mine(record) for record in await self._statuses.find(text, limit)]

    async def latest(self, after: str, limit: int) -> Page:
        """See `IStatuses`; whose status is not for the asker is not in it."""
        if self._asker is not Audience.WORLD:
            return await self._statuses.latest(after, limit)
        found: list[Record] = []
        behind, size, looked_at = after, limit + 1, 0
        while len(found) <= limit and looked_at < _MOST:
            page = await self._statuses.latest(behind, size)
            found += [mine for mine in map(self._mine, page.records) if mine.status is not None]
            behind, size, looked_at = page.next, _PAGE, looked_at + len(page.records)
            if not behind:
                break
        more = found and (behind or len(found) > limit)
        return Page(found[:limit], str(Cursor.at(found[:limit][-1])) if more else "")

    async def history(self, name: str, before: datetime | None, limit: int) -> list[Status]:
        """See `IStatuses`."""
        kept_back = (await self._statuses.get(name)).local if self._asker is Audience.WORLD else ()
        said = await self._statuses.history(name, before, limit)
        return [rest for rest in (past_status(status, kept_back) for status in said) if rest is not None]

    def watch(self, heard: Callable[[Change], None]) -> Callable[[], None]:
        """See `IStatuses`."""

        def hear(change: Change) -> None:
            record = change.record
            heard(change if record is None else evolve(change, record=self._mine(record)))

        return self._statuses.watch(hear)

    def _mine(self, record: Record) -> Record:
        return self._seen(record) if record.local else record
