"""The course of an import: a few batches under way at once, answered in order, and how far it is remembered."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from attrs import evolve
from twisted.internet.defer import Deferred

from fingerpost.ctl.importing.batches import Batch
from fingerpost.ctl.importing.items import Item
from fingerpost.ctl.importing.resuming import Progress
from fingerpost.ctl.problems import StoreFailed

if TYPE_CHECKING:
    from fingerpost.ctl.store import Administration

__all__ = ["Course"]

_UNDER_WAY = 4
_MOST_FAILURES = 10  # of rows, one after the other: then it is the store that fails

Answer = tuple[int, list[tuple[int, str]]]


class Course:
    """Takes batches to the store. `progress` is how far everything was answered.

    A batch at which the store fails is sent again row by row, so that the one which does it is refused alone.

    `refused` is called with each item that was not taken in, and why; `moved` whenever there is progress.
    """

    def __init__(
        self,
        store: Administration,
        progress: Progress,
        refused: Callable[[Item, str], None],
        moved: Callable[[Progress], None],
    ) -> None:
        self.progress = progress
        self._store = store
        self._refused = refused
        self._moved = moved
        self._failures = 0
        self._under_way: deque[tuple[Batch, Deferred[Answer]]] = deque()

    async def run(self, batches: Iterable[Batch]) -> None:
        """Everything; raises what the store does, when it has taken in no more."""
        try:
            for batch in batches:
                self._under_way.append((batch, Deferred.fromCoroutine(self._sent(batch))))
                if len(self._under_way) == _UNDER_WAY:
                    await self._settle()
            while self._under_way:
                await self._settle()
        finally:
            for _, answer in self._under_way:
                answer.addErrback(lambda failure: None)  # the first that failed is told of
                answer.cancel()

    async def _sent(self, batch: Batch) -> Answer:
        try:
            return await self._store.import_rows(batch.rows) if batch.rows else (0, [])
        except StoreFailed:
            return await self._one_by_one(batch.rows)

    async def _one_by_one(self, rows: Sequence[bytes]) -> Answer:
        changed, refused = 0, []
        for index, row in enumerate(rows):
            try:
                more, reasons = await self._store.import_rows([row])
            except StoreFailed as error:
                self._failures += 1
                if self._failures > _MOST_FAILURES:
                    raise
                reasons, more = [(0, str(error))], 0
            else:
                self._failures = 0
            changed += more
            refused += [(index, reason) for _, reason in reasons]
        return changed, refused

    async def _settle(self) -> None:
        batch, answer = self._under_way[0]
        changed, refused = await answer
        self._under_way.popleft()
        for item, reason in _in_order(batch, refused):
            self._refused(item, reason)
        counts = self.progress.counts
        self.progress = Progress(
            batch.end,
            evolve(
                counts,
                people=counts.people + len(batch.items) - len(refused),
                changed=counts.changed + changed,
                refused=counts.refused + len(batch.bad) + len(refused),
            ),
        )
        self._moved(self.progress)


def _in_order(batch: Batch, refused: Iterable[tuple[int, str]]) -> Iterator[tuple[Item, str]]:
    found = [(item, item.reason) for item in batch.bad]
    found += [(batch.items[index], reason) for index, reason in refused]
    yield from sorted(found, key=lambda one: one[0].line)
