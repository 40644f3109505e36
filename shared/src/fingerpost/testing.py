"""The store as tests of frontends want it: in memory, at once, and kept honest by the real one's contract tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from attrs import evolve
from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from fingerpost.directory import Directory
from fingerpost.disclosure import Site, Visibility, check_audiences, disclosed_status, public
from fingerpost.errors import NoSuchUser, NotAllowed, TemporarilyUnavailable
from fingerpost.explanation import Explanation, explanation
from fingerpost.interfaces import IStatuses, IStatusSetter, NewStatus, Page, Proof
from fingerpost.model import Audience, Change, Person, Record, Status
from fingerpost.names import fold
from fingerpost.text import check_login, check_person, check_status

__all__ = ["MemoryStatuses"]


@implementer(IStatuses, IStatusSetter)
class MemoryStatuses:
    """See `IStatuses` and `IStatusSetter`. Set `away` to have it answer as a frontend does whose store is away."""

    def __init__(self, clock: IReactorTime) -> None:
        self.stale = False
        self.away = False
        self._clock = clock
        self.site = Site()  # what is there already is not looked at again
        self._people: dict[str, Record] = {}
        self._said: dict[str, Visibility] = {}
        self._directory = Directory()
        self._history: dict[str, list[Status]] = {}
        self._done: dict[tuple[str, str], Record] = {}
        self._listeners: list[Callable[[Change], None]] = []
        self._revision = 0

    def add(self, person: Person, text: str = "", via: str = "file") -> Record:
        """Make a person known, with a status if there is a text."""
        status = Status(text, self._now(), via) if text else None
        return self._put(Record(person, status))

    async def get(self, name: str) -> Record:
        """See `IStatuses`."""
        self._reach()
        record = self._directory.get(fold(name))
        if record is None:
            raise NoSuchUser
        return record

    async def find(self, text: str, limit: int) -> list[Record]:
        """See `IStatuses`."""
        self._reach()
        return self._directory.find(text, limit)

    async def latest(self, after: str, limit: int) -> Page:
        """See `IStatuses`."""
        self._reach()
        return self._directory.latest_page(after, limit)

    async def history(self, name: str, before: datetime | None, limit: int) -> list[Status]:
        """See `IStatuses`."""
        login = (await self.get(name)).login
        said = [
            shown
            for status in reversed(self._history.get(login, []))
            if (before is None or status.set_at < before)
            and (shown := disclosed_status(status, self._visibility(login), self.site, Audience.LOCAL))
        ]
        return said[:limit]

    def watch(self, heard: Callable[[Change], None]) -> Callable[[], None]:
        """See `IStatuses`."""
        self._listeners.append(heard)
        return lambda: self._listeners.remove(heard)

    async def set_status(self, name: str, status: NewStatus, proof: Proof, op_id: str = "") -> Record:
        """See `IStatusSetter`."""
        login = self._allowed(name, proof)
        checked = check_status(
            Status(status.text, self._now(), status.via, status.emoji, status.availability, status.expires_at)
        )
        known = self._people.get(login) or Record(Person(login))
        return self._once(login, op_id, evolve(known, status=checked))

    async def clear_status(self, name: str, proof: Proof, op_id: str = "") -> Record:
        """See `IStatusSetter`."""
        login = self._allowed(name, proof)
        return self._once(login, op_id, evolve(self._known(login), status=None))

    async def update_profile(self, name: str, fields: Mapping[str, Any], proof: Proof, op_id: str = "") -> Record:
        """See `IStatusSetter`."""
        login = self._allowed(name, proof)
        known = self._people.get(login) or Record(Person(login))
        return self._once(login, op_id, evolve(known, person=check_person(evolve(known.person, **fields))))

    async def set_visibility(
        self, name: str, hidden: bool | None, audiences: Mapping[str, Audience | None], proof: Proof, op_id: str = ""
    ) -> Record:
        """See `IStatusSetter`."""
        login = self._allowed(name, proof)
        known = self._known(login)
        self._said[login] = self._visibility(login).changed(hidden, check_audiences(audiences))
        return self._once(login, op_id, known)

    async def explain(self, name: str, asker: Audience, proof: Proof) -> Explanation:
        """See `IStatusSetter`."""
        login = self._allowed(name, proof)
        return explanation(self._known(login), self._visibility(login), self.site, asker)

    async def verify(self, proof: Proof) -> str:
        """See `IStatusSetter`."""
        if proof.kind != "peer":
            raise NotAllowed
        return check_login(proof.secret)

    def _allowed(self, name: str, proof: Proof) -> str:
        self._reach()
        login = check_login(name)
        if proof != Proof("peer", login):
            raise NotAllowed
        return login

    def _known(self, login: str) -> Record:
        if login not in self._people:
            raise NoSuchUser
        return self._people[login]

    def _visibility(self, login: str) -> Visibility:
        return self._said.get(login, Visibility())

    def _once(self, login: str, op_id: str, record: Record) -> Record:
        if op_id and (login, op_id) in self._done:
            return self._done[login, op_id]
        self._done[login, op_id] = self._put(record)
        return record

    def _put(self, record: Record) -> Record:
        self._revision += 1
        self._people[record.login] = record
        change = Change(self._revision, record.login, public(record, self._visibility(record.login), self.site))
        self._directory.apply(change)
        if record.status is not None:
            said = self._history.setdefault(record.login, [])
            if record.status not in said:
                said.append(record.status)
        for heard in tuple(self._listeners):
            heard(change)
        return record

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.seconds(), UTC)

    def _reach(self) -> None:
        if self.away:
            raise TemporarilyUnavailable
