"""Statuses as one audience may see them: what a frontend answers from that knows from where it is asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from attrs import evolve
from zope.interface import implementer

from fingerpost.directory import Cursor
from fingerpost.disclosure import Site, seen, without_status
from fingerpost.interfaces import IStatuses, Page
from fingerpost.model import Audience, Change, Record, Status

__all__ = ["Disclosed"]

_PAGES = 10  # looked through for one: where nearly everybody's status is kept back, a page may be short


@implementer(IStatuses)
class Disclosed:
    """See `IStatuses`; `asker` is WORLD or LOCAL, since nothing else reaches a frontend unasked."""

    def __init__(self, statuses: IStatuses, asker: Audience) -> None:
        self._statuses = statuses
        self._asker = asker

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

    async def get(self, name: str) -> Record:
        """See `IStatuses`."""
        return seen(await self._statuses.get(name), self._asker)

    async def find(self, text: str, limit: int) -> list[Record]:
        """See `IStatuses`."""
        return [seen(record, self._asker) for record in await self._statuses.find(text, limit)]

    async def latest(self, after: str, limit: int) -> Page:
        """See `IStatuses`; whose status is not for the asker is not in it."""
        found: list[Record] = []
        for _ in range(_PAGES):
            page = await self._statuses.latest(after, limit)
            for number, record in enumerate(page.records, start=1):
                mine = seen(record, self._asker)
                if mine.status is None:
                    continue
                found.append(mine)
                if len(found) == limit:
                    more = page.next or number < len(page.records)
                    return Page(found, str(Cursor.at(record)) if more else "")
            after = page.next
            if not after:
                break
        return Page(found, after)

    async def history(self, name: str, before: datetime | None, limit: int) -> list[Status]:
        """See `IStatuses`."""
        kept_back = (await self._statuses.get(name)).local if self._asker is Audience.WORLD else ()
        if "history" in kept_back or "status" in kept_back:
            return []
        said = await self._statuses.history(name, before, limit)
        return [status for status in (without_status(status, kept_back) for status in said) if status is not None]

    def watch(self, heard: Callable[[Change], None]) -> Callable[[], None]:
        """See `IStatuses`."""

        def hear(change: Change) -> None:
            record = change.record
            heard(change if record is None else evolve(change, record=seen(record, self._asker)))

        return self._statuses.watch(hear)
