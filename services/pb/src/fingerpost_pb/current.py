"""The latest statuses as the store's feed says them: loaded, and then changed by each change."""

from __future__ import annotations

from datetime import UTC

from fingerpost.disclosure import UNKNOWN
from fingerpost.interfaces import IStatuses
from fingerpost.lookups import latest
from fingerpost.model import Change, Record

from fingerpost_pb.latest import Entry, Latest

__all__ = ["Current", "load"]


class Current(Latest):
    """`more` says that others have a status too; `short`, that one of them may belong into the list."""

    more = False
    short = False

    def apply(self, change: Change) -> bool:
        """Take a change in; say whether the list has become another one."""
        entry = _entry(change.record)
        before = self.get(change.login)
        if entry == before:
            return False
        if entry is None:
            self.remove(change.login)
            self.short = self.short or self.more
            return True
        fell = self.put(entry)
        self.more = self.more or fell is not None
        self.short = self.short or (self.more and before is not None and self.oldest() == entry)
        return fell != entry


async def load(statuses: IStatuses, limit: int) -> Current:
    """The `limit` latest statuses as they are in the turn in which this returns; raises `TemporarilyUnavailable`."""
    heard: list[Change] = []
    stop = statuses.watch(heard.append)
    try:
        records, more = await latest(statuses, limit, lambda record: _entry(record) is not None)
    finally:
        stop()
    found = Current(limit)
    for change in (*(Change(0, record.login, record) for record in records), *heard):
        found.apply(change)
    found.more = found.more or more
    return found


def _entry(record: Record | None) -> Entry | None:
    """An entry has words and a time, which observers see anyway: whoever keeps one of them back is not in the list."""
    status = None if record is None else record.status
    if record is None or status is None or not status.text or status.set_at == UNKNOWN:
        return None
    set_at = status.set_at.astimezone(UTC).isoformat(timespec="microseconds")
    return Entry(record.login, status.text, status.emoji, str(status.availability), set_at)
