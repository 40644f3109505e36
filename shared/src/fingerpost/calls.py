"""What can be asked of the store, as Python calls: whoever has a way to `ask` a command has them all."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from twisted.protocols.amp import Command
from zope.interface import implementer

from fingerpost import wire
from fingerpost.codec import changes_from_bytes, dump, load
from fingerpost.connection import page_of
from fingerpost.errors import NoSuchUser
from fingerpost.explanation import Explanation
from fingerpost.interfaces import IStatusSetter, NewStatus, Proof
from fingerpost.model import Audience, Availability, Change, Record, Status

__all__ = ["Calls", "operation"]


def operation() -> str:
    """A new `op_id`: a change that is asked for again with the same one is made once."""
    return uuid.uuid4().hex


@implementer(IStatusSetter)
class Calls:
    """Every method raises what the command's errors say, and `TemporarilyUnavailable`."""

    async def ask(self, command: type[Command], **arguments: Any) -> dict[str, Any]:
        """The answer to a command."""
        raise NotImplementedError

    async def change(self, name: str, proof: Proof | None = None) -> Change:
        """The record of a login or unambiguous alias, with its revision; raises `NoSuchUser`.

        With a proof it is what the prover may see.
        """
        answer = await self.ask(wire.GetRecord, name=name, proof=None if proof is None else str(proof))
        return load(answer["change"], Change)

    async def find(self, text: str, limit: int) -> list[Change]:
        """People who match a text."""
        return changes_from_bytes((await self.ask(wire.FindRecords, text=text, limit=limit))["changes"])

    async def page(self, after: str, limit: int, order: str) -> tuple[list[Change], str]:
        """A page of records, and the `after` of the next one ("" where there is none)."""
        return page_of(await self.ask(wire.ListRecords, after=after, limit=limit, order=order))

    async def history(self, name: str, before: datetime | None, limit: int, proof: Proof | None = None) -> list[Status]:
        """Past statuses, the latest first, as whoever has the proof may see them; raises `NoSuchUser`."""
        shown = None if proof is None else str(proof)
        answer = await self.ask(wire.GetHistory, name=name, before=before, limit=limit, proof=shown)
        return load(answer["statuses"], list[Status])

    async def set_status(self, name: str, status: NewStatus, proof: Proof, op_id: str = "") -> Record:
        """See `IStatusSetter`."""
        return await self.write(
            wire.SetStatus,
            name=name,
            proof=str(proof),
            op_id=op_id,
            text=status.text,
            via=status.via,
            emoji=status.emoji or None,
            availability=None if status.availability is Availability.FREE else status.availability.value,
            expires=status.expires_at,
        )

    async def clear_status(self, name: str, proof: Proof, op_id: str = "") -> Record:
        """See `IStatusSetter`."""
        return await self.write(wire.ClearStatus, name=name, proof=str(proof), op_id=op_id)

    async def update_profile(self, name: str, fields: Mapping[str, object], proof: Proof, op_id: str = "") -> Record:
        """See `IStatusSetter`."""
        return await self.write(wire.UpdateProfile, name=name, proof=str(proof), op_id=op_id, fields=dump(fields))

    async def set_visibility(
        self,
        name: str,
        hidden: bool | None,
        audiences: Mapping[str, Audience | None],
        proof: Proof,
        op_id: str = "",
    ) -> Record:
        """See `IStatusSetter`."""
        return await self.write(
            wire.SetVisibility,
            name=name,
            proof=str(proof),
            op_id=op_id,
            hidden=hidden,
            audiences=dump(audiences) if audiences else None,
        )

    async def explain(self, name: str, asker: Audience, proof: Proof) -> Explanation:
        """See `IStatusSetter`."""
        answer = await self.ask(wire.Explain, name=name, asker=asker.value, proof=str(proof))
        return load(answer["explanation"], Explanation)

    async def verify(self, proof: Proof) -> str:
        """See `IStatusSetter`."""
        login: str = (await self.ask(wire.Verify, proof=str(proof)))["login"]
        return login

    async def write(self, command: type[Command], **arguments: Any) -> Record:
        """Ask for a change, and return the record as it then is."""
        arguments["op_id"] = arguments["op_id"] or operation()
        change = load((await self.ask(command, **arguments))["change"], Change)
        if change.record is None:
            raise NoSuchUser
        return change.record
