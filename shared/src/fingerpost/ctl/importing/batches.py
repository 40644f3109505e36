"""Items in batches that the store takes: at most so many rows, and so many bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from attrs import evolve, frozen

from fingerpost import wire
from fingerpost.ctl.importing.items import Item, Place

__all__ = ["Batch", "batches"]

_MOST_ROWS = 500
_MOST_BYTES = wire.PAGE_BYTES - 2  # the brackets of the array


@frozen
class Batch:
    """Rows as JSON, the items that they are, those that are none, and the place behind them all."""

    rows: Sequence[bytes]
    items: Sequence[Item]
    bad: Sequence[Item]
    end: Place


def batches(items: Iterable[Item]) -> Iterator[Batch]:
    """The items in order; those that are no rows, or too large a one, go with their neighbours."""
    rows: list[bytes] = []
    good: list[Item] = []
    bad: list[Item] = []
    size = 0
    end = Place()
    for item in items:
        data = item.row or b""
        if len(data) + 1 > _MOST_BYTES:
            item = evolve(item, row=None, reason=f"this is more than {wire.PAGE_BYTES // 1024} KiB")
        full = item.row is not None and (len(rows) == _MOST_ROWS or size + len(data) + 1 > _MOST_BYTES)
        if full or len(bad) == _MOST_ROWS:
            yield Batch(rows, good, bad, end)
            rows, good, bad, size = [], [], [], 0
        if item.row is None:
            bad.append(item)
        else:
            rows.append(data)
            good.append(item)
            size += len(data) + 1
        end = item.end
    if good or bad:
        yield Batch(rows, good, bad, end)
