"""The store's write socket: who has a proof may change what it is good for, and see more than strangers do."""

from __future__ import annotations

from datetime import datetime

from attrs import evolve

from fingerpost import wire
from fingerpost.accounts import Scope
from fingerpost.codec import audiences_from_bytes, dump, load, profile_fields
from fingerpost.disclosure import check_audiences
from fingerpost.errors import NotAccepted
from fingerpost.interfaces import Proof
from fingerpost.model import Audience, Availability, Person, Record, Status
from fingerpost.store.accounts.grants import Grant
from fingerpost.store.edits import Edit, ProfileUpdated, StatusCleared, StatusSet, VisibilitySet
from fingerpost.store.responders import ReadSocket
from fingerpost.text import check_login, check_status

__all__ = ["WriteSocket"]

_LONGEST_OP_ID = 64
_ASKERS = (Audience.WORLD, Audience.LOCAL, Audience.MEMBER)


class WriteSocket(ReadSocket):
    """A peer that may also change what it has proof for."""

    @wire.SetStatus.responder
    async def set_status(
        self,
        name: str,
        proof: str,
        op_id: str,
        text: str,
        via: str,
        emoji: str | None,
        availability: str | None,
        expires: datetime | None,
    ) -> wire.Answer:
        """See `wire.SetStatus`."""
        login, grant = await self._allowed(name, proof, Scope.STATUS)
        status = Status(text, self._store.now(), via, emoji or "", _availability(availability), expires)
        return await self._write(login, grant, op_id, StatusSet(check_status(status)))

    @wire.ClearStatus.responder
    async def clear_status(self, name: str, proof: str, op_id: str) -> wire.Answer:
        """See `wire.ClearStatus`."""
        login, grant = await self._allowed(name, proof, Scope.STATUS)
        return await self._write(login, grant, op_id, StatusCleared(self._store.now()))

    @wire.UpdateProfile.responder
    async def update_profile(self, name: str, proof: str, op_id: str, fields: bytes) -> wire.Answer:
        """See `wire.UpdateProfile`."""
        login, grant = await self._allowed(name, proof, Scope.PROFILE)
        return await self._write(login, grant, op_id, ProfileUpdated(profile_fields(fields)))

    @wire.SetVisibility.responder
    async def set_visibility(
        self, name: str, proof: str, op_id: str, hidden: bool | None, audiences: bytes | None
    ) -> wire.Answer:
        """See `wire.SetVisibility`."""
        login, grant = await self._allowed(name, proof, Scope.PROFILE)
        given = check_audiences({} if audiences is None else audiences_from_bytes(audiences))
        return await self._write(login, grant, op_id, VisibilitySet(hidden, given))

    @wire.Explain.responder
    async def explain(self, name: str, asker: str, proof: str) -> wire.Answer:
        """See `wire.Explain`."""
        login, _ = await self._allowed(name, proof, Scope.PROFILE)
        if asker not in _ASKERS:
            raise NotAccepted(f"asker: '{asker}' is none of {', '.join(_ASKERS)}")
        return {"explanation": dump(await self._store.explain(login, Audience(asker)))}

    @wire.Verify.responder
    async def verify(self, proof: str) -> wire.Answer:
        """See `wire.Verify`."""
        grant = await self.granted(proof, "")
        return {"login": grant.login, "scopes": " ".join(sorted(grant.scopes))}

    async def granted(self, proof: str, name: str, scope: Scope | None = None) -> Grant:
        """See `ReadSocket`."""
        grant: Grant = await self.factory.proving.grant(Proof.parse(proof), self.asker, name, scope)
        return grant

    async def _allowed(self, name: str, proof: str, scope: Scope) -> tuple[str, Grant]:
        login = check_login(name)
        return login, await self.granted(proof, login, scope)

    async def _write(self, login: str, grant: Grant, op_id: str, edit: Edit) -> wire.Answer:
        """Make an edit, and answer with the record: who may only set the status learns no more than that of it."""
        if len(op_id) > _LONGEST_OP_ID:
            raise NotAccepted(f"op_id: it is longer than {_LONGEST_OP_ID} characters")
        framed = await self._store.write(login, edit, op_id)
        if framed.record is not None and not grant.knows(login):
            status = load(framed.record, Record).status
            framed = evolve(framed, record=dump(Record(Person(login), status)))
        return {"change": bytes(framed)}


def _availability(value: str | None) -> Availability:
    try:
        return Availability(value or "free")
    except ValueError:
        raise NotAccepted(f"availability: '{value}' is none of {', '.join(Availability)}") from None
