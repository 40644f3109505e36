"""What people of this machine may ask: each command goes on to the store, once it is clear for whom they act."""

from __future__ import annotations

from typing import Any, Final

from fingerpost import wire
from fingerpost.client import StoreClient
from fingerpost.errors import HelloFirst, NotAllowed
from fingerpost.interfaces import Proof
from twisted.protocols.amp import Command

from fingerpost_finger.setter.permission import Asker, Prove

__all__ = ["RELAYED", "Relay"]

RELAYED: Final = {
    command.commandName: command
    for command in (
        wire.Hello,
        wire.GetRecord,
        wire.FindRecords,
        wire.ListRecords,
        wire.GetHistory,
        wire.SetStatus,
        wire.ClearStatus,
        wire.UpdateProfile,
        wire.SetVisibility,
        wire.Explain,
        wire.Verify,
    )
}


class Relay:
    """One asker's way to the store. `prove` finds the proof that the asker acts for a login."""

    def __init__(self, store: StoreClient, prove: Prove, asker: Asker) -> None:
        self._store = store
        self._prove = prove
        self._asker = asker
        self._greeted = False

    async def ask(self, command: type[Command], arguments: dict[str, Any]) -> dict[str, Any]:
        """The store's answer, or what it raises; `NotAllowed` for the proof of somebody else."""
        if command is wire.Hello:
            return await self._hello(**arguments)
        if not self._greeted:
            raise HelloFirst
        proof = arguments.get("proof")
        if proof is not None:
            arguments["proof"] = str(await self._believed(Proof.parse(proof)))
        return await self._store.ask(command, **arguments)

    async def _hello(self, version: int, client: str) -> dict[str, Any]:
        """The store has been greeted by this service, and goes on to know it by its own name."""
        if version < 1:
            raise HelloFirst(f"This setter speaks version {wire.VERSION} of the protocol, not {version}.")
        self._greeted = True
        return await self._store.ask(wire.Hello, version=wire.VERSION, client=self._store.name)

    async def _believed(self, proof: Proof) -> Proof:
        """The store takes the setter's word, so only secrets, which the store checks itself, go on as they are."""
        if proof.kind == "peer":
            return await self._prove(self._asker, proof.secret, "")
        if proof.kind not in ("token", "password"):
            raise NotAllowed
        return proof
