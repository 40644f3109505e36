"""Keeps the store in step with its sources: what a source newly says becomes an edit like any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import evolve
from twisted.internet.defer import Deferred, gatherResults
from twisted.logger import Logger

from fingerpost.ops.events import Event
from fingerpost.store.dossier import Entry
from fingerpost.store.edits import SourceSaid
from fingerpost.store.interfaces import IStatusSource, IThreads, SourceFailed
from fingerpost.store.store import Store

__all__ = ["LOOK_EVERY", "READ_EVERY", "Following"]

LOOK_EVERY = 1.0  # seconds between looks at whether a source has changed
READ_EVERY = 30.0  # seconds after which a source is read even if it does not seem to have changed
_AT_ONCE = 2000


class Following:
    """Compares what the sources say with what the store holds of them, and writes the difference."""

    _log = Logger()

    def __init__(self, store: Store, threads: IThreads, sources: Sequence[IStatusSource]) -> None:
        self._store = store
        self._threads = threads
        self._sources = sources
        self._read_at: dict[str, float] = {}
        self._stopped = False
        self._troubled: dict[str, tuple[str, ...]] = {}
        self.readable: dict[str, bool] = {}  # each source looked at, by its name

    def stop(self) -> None:
        """Go no further than to the end of what is being written."""
        self._stopped = True

    def replace(self, sources: Sequence[IStatusSource]) -> None:
        """Follow other sources from the next look on."""
        self._sources = sources
        self._read_at.clear()
        self.readable.clear()

    async def look(self) -> None:
        """Take in what has changed; what can't be read is reported once, and keeps what it said last."""
        sources = self._sources
        if not self._read_at:
            await self._withdraw([source.name for source in sources])
        for source in sources:
            if await self._due(source):
                await self._take_in(source)

    async def _due(self, source: IStatusSource) -> bool:
        now = self._store.now().timestamp()
        last = self._read_at.get(source.name)
        if last is None or now - last >= READ_EVERY or await self._threads.run(source.changed):
            self._read_at[source.name] = now
            return True
        return False

    async def _take_in(self, source: IStatusSource) -> None:
        try:
            entries, problems = await self._threads.run(source.read)
        except SourceFailed as error:
            self._failed(source.name, str(error))
            return
        if not self.readable.get(source.name, True):
            self._log.info(
                "Source {finger_source} can be read again",
                message_id=Event.SOURCE_RECOVERED,
                finger_source=source.name,
            )
        self.readable[source.name] = True
        self._report(source.name, tuple(problems))
        await self._apply(source.name, entries)

    def _failed(self, name: str, reason: str) -> None:
        if self.readable.get(name, True):
            self._log.warn(
                "Source {finger_source} can't be read; what it said last stays: {finger_reason}",
                message_id=Event.SOURCE_FAILING,
                finger_source=name,
                finger_reason=reason,
            )
        self.readable[name] = False

    def _report(self, name: str, problems: tuple[str, ...]) -> None:
        """Say what is wrong when it becomes so, not at every look."""
        if problems != self._troubled.get(name, ()):
            for problem in problems:
                self._log.warn("Source {source}: {problem}", source=name, problem=problem)
            if not problems:
                self._log.info("Source {source} is well again", source=name)
        self._troubled[name] = problems

    async def _withdraw(self, configured: Sequence[str]) -> None:
        """What a source said that is no longer configured goes."""
        for name in await self._threads.run(self._store.engine.sources):
            if name not in configured:
                await self._apply(name, {})

    async def _apply(self, name: str, entries: Mapping[str, Entry]) -> None:
        held = await self._threads.run(self._store.engine.said, name)
        changed: list[tuple[str, Entry | None]] = [
            (login, entry) for login, entry in entries.items() if not _same(held.get(login), entry)
        ]
        changed += [(login, None) for login in held.keys() - entries.keys()]
        for start in range(0, len(changed), _AT_ONCE):
            if self._stopped:
                return
            writes = [
                Deferred.fromCoroutine(self._store.write(login, SourceSaid(name, entry, self._store.now())))
                for login, entry in changed[start : start + _AT_ONCE]
            ]
            await gatherResults(writes, consumeErrors=True)


def _same(held: Entry | None, new: Entry) -> bool:
    """Whether a source says the same as before; when it said so does not count."""
    if held is None or held.status is None or new.status is None:
        return held == new
    return held == evolve(new, status=evolve(new.status, set_at=held.status.set_at))
