"""The keys of `store.yaml`, and the engine and sources that they ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from attrs import field, frozen

from fingerpost.disclosure import Site
from fingerpost.ops.operated import OperatedConfig
from fingerpost.store.accounts.accounts import ProofsConfig
from fingerpost.store.engine.memory import MemoryEngine
from fingerpost.store.engine.sqlite import SQLiteEngine
from fingerpost.store.interfaces import IEngine, IStatusSource
from fingerpost.store.sources.file import FileSource
from fingerpost.store.sources.memory import MemorySource

__all__ = ["Listen", "SourceConfig", "StoreConfig"]


@frozen
class Listen:
    """Where the store's sockets are; not given: the inherited ones of these names, else below /run/fingerpost."""

    read: tuple[str, ...] | None = None
    write: tuple[str, ...] | None = None
    admin: tuple[str, ...] | None = None


def _source_type(source: object, attribute: object, value: str) -> None:
    if value not in {"file", "memory"}:
        raise ValueError(f"expected file or memory, not '{value}'")


@frozen
class SourceConfig:
    """`{type: file, path: /etc/users}` or `{type: memory, users: {moshez: Happy}}`; with a `name` if two are alike."""

    type: str = field(validator=_source_type)
    path: str = ""
    users: Mapping[str, str] = field(factory=dict)
    name: str = ""

    def __attrs_post_init__(self) -> None:
        if self.type == "file" and not self.path:
            raise ValueError("a source of type file needs a path, such as /etc/users")

    @property
    def called(self) -> str:
        """The name, which is the type unless one is given."""
        return self.name or self.type

    def source(self, rank: int) -> IStatusSource:
        """The source that is asked for."""
        if self.type == "file":
            return FileSource(self.called, rank, Path(self.path))
        return MemorySource(self.called, rank, self.users, datetime.now(UTC))


def _engine(store: object, attribute: object, value: str) -> None:
    if value != "memory:" and not (value.startswith("sqlite:") and len(value) > len("sqlite:")):
        raise ValueError(f"expected memory: or sqlite:PATH, not '{value}'")


def _distinct(store: object, attribute: object, value: Sequence[SourceConfig]) -> None:
    names = [source.called for source in value]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"two sources are called '{twice[0]}'; give one of them a name")


def _positive(store: object, attribute: object, value: int) -> None:
    if value < 1:
        raise ValueError(f"expected a number of changes above 0, not {value}")


@frozen
class StoreConfig(OperatedConfig):
    """See `store.yaml`. `keep_changes` is how many changes a frontend that was away can catch up on."""

    engine: str = field(default="sqlite:/var/lib/fingerpost/status.db", validator=_engine)
    listen: Listen = field(factory=Listen)
    sources: tuple[SourceConfig, ...] = field(default=(), validator=_distinct)
    trusted_peers: tuple[str, ...] = ("fingerpost-setter",)
    disclosure: Site = field(factory=Site)
    proofs: ProofsConfig = field(factory=ProofsConfig)
    keep_changes: int = field(default=100_000, validator=_positive)

    def open_engine(self) -> IEngine:
        """The engine, opened; raises `EngineRefused`."""
        if self.engine == "memory:":
            return MemoryEngine()
        return SQLiteEngine(Path(self.engine.removeprefix("sqlite:")))

    def make_sources(self) -> list[IStatusSource]:
        """The sources in order of precedence."""
        return [source.source(rank) for rank, source in enumerate(self.sources)]
