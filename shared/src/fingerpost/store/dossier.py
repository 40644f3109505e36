"""All that the store knows of one login: what the person set and what each source says; how it becomes a record."""

from __future__ import annotations

from datetime import datetime

from attrs import evolve, field, fields, frozen

from fingerpost.disclosure import Site, Visibility, public
from fingerpost.model import Audience, Person, Record, Status

__all__ = ["Dossier", "Entry"]

_PROFILE = tuple(a.name for a in fields(Person) if a.name not in {"login", "source"})


@frozen
class Entry:
    """What a source says of a login; the source with the lowest `rank` goes before others.

    `gone` marks what it said last of somebody whom it knows no more.
    """

    source: str
    rank: int
    person: Person
    status: Status | None = None
    gone: bool = False


@frozen
class Dossier:
    """`status` is what shows, `lasting` what shows again when it expires, `said_at` when either was last changed.

    `visibility` is who may see it, by the person's own word.
    """

    login: str
    own: Person | None = None
    entries: tuple[Entry, ...] = ()
    status: Status | None = None
    lasting: Status | None = None
    said_at: datetime | None = None
    visibility: Visibility = field(factory=Visibility)

    def entry(self, source: str) -> Entry | None:
        """What the source says, or said last."""
        return next((entry for entry in self.entries if entry.source == source), None)

    def with_entry(self, source: str, entry: Entry | None) -> Dossier:
        """The dossier in which the source says this, or nothing any more."""
        others = [other for other in self.entries if other.source != source]
        old = self.entry(source)
        if entry is None and old is not None:
            entry = evolve(old, gone=True)
        kept = others if entry is None else [*others, entry]
        return evolve(self, entries=tuple(sorted(kept, key=lambda entry: entry.rank)))

    @property
    def known(self) -> bool:
        """Whether there is such a person at all."""
        return self.own is not None or bool(self.sources)

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources that know the person now."""
        return tuple(entry.source for entry in self.entries if not entry.gone)

    @property
    def kept(self) -> bool:
        """Whether to remember anything: a line that is missing for a moment must not cost what somebody set."""
        return self.known or self.said_at is not None or self.visibility != Visibility()

    def public(self, site: Site) -> Record | None:
        """The record as frontends have it."""
        record = self.record()
        return None if record is None else public(record, self.visibility, site)

    def hides_past(self, site: Site) -> bool:
        """Whether frontends may not know what the person said before."""
        return not {"history", "status"}.isdisjoint(self.visibility.keeps_back(site, Audience.LOCAL))

    def record(self) -> Record | None:
        """All there is to show: the first source that knows the person, under what they set themselves."""
        if not self.known:
            return None
        first = next((entry for entry in self.entries if not entry.gone), None)
        if first is None:
            return Record(self.own or Person(self.login), self.status)
        said = evolve(first.person, source=first.source)
        if self.own is None:
            return Record(said, self.status)
        own = {name: value for name in _PROFILE if (value := getattr(self.own, name))}
        return Record(evolve(said, **own), self.status)
