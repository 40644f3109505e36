"""The store's admin socket: root alone may open it, and may do everything."""

from __future__ import annotations

import os
from datetime import datetime

from fingerpost import adminwire, wire
from fingerpost.accounts import Scope, rows_from_bytes, scopes_of
from fingerpost.codec import dump, joined, profile_fields
from fingerpost.errors import NotAccepted, NotAllowed
from fingerpost.interfaces import Proof
from fingerpost.store.accounts.administration import Administration
from fingerpost.store.accounts.grants import Grant
from fingerpost.store.accounts.proving import Asker
from fingerpost.store.feed import fitting
from fingerpost.store.writing import WriteSocket
from fingerpost.text import check_login

__all__ = ["AdminSocket"]


class AdminSocket(WriteSocket):
    """A peer that is root, or the store's own user; the mode of the socket says so too."""

    @property
    def _admin(self) -> Administration:
        administration = self.factory.administration
        assert isinstance(administration, Administration)
        return administration

    def _identified(self, client: str) -> Asker:
        asker = super()._identified(client)
        if asker.uid not in {0, os.geteuid()}:
            raise NotAllowed("Only root may use this socket.")
        return asker

    async def granted(self, proof: str, name: str, scope: Scope | None = None) -> Grant:
        """See `ReadSocket`: the word of an administrator for a login is enough."""
        shown = Proof.parse(proof)
        if shown.kind == "peer":
            return Grant(check_login(shown.secret), frozenset(Scope))
        return await super().granted(proof, name, scope)

    @adminwire.AddUser.responder
    async def add_user(self, name: str, fields: bytes, op_id: str) -> wire.Answer:
        """See `adminwire.AddUser`."""
        return {"change": bytes(await self._admin.add(name, profile_fields(fields), op_id))}

    @adminwire.RemoveUser.responder
    async def remove_user(self, name: str, op_id: str) -> wire.Answer:
        """See `adminwire.RemoveUser`."""
        return {"sources": " ".join(await self._admin.remove(name, op_id))}

    @adminwire.SetPassword.responder
    async def set_password(self, name: str, password: str | None) -> wire.Answer:
        """See `adminwire.SetPassword`."""
        await self._admin.set_password(name, password)
        return {}

    @adminwire.IssueToken.responder
    async def issue_token(self, name: str, scopes: str, label: str, expires: datetime | None) -> wire.Answer:
        """See `adminwire.IssueToken`."""
        try:
            wanted = scopes_of(scopes)
        except ValueError:
            raise NotAccepted(f"scopes: '{scopes}' has one that is none of {', '.join(Scope)}") from None
        id, token = await self._admin.issue(name, wanted, label, expires)  # noqa: A001 (what AMP calls it)
        return {"id": id, "token": token}

    @adminwire.RevokeToken.responder
    async def revoke_token(self, id: str) -> wire.Answer:
        """See `adminwire.RevokeToken`."""
        return {"login": await self._admin.revoke(id)}

    @adminwire.ListTokens.responder
    async def list_tokens(self, name: str, after: str) -> wire.Answer:
        """See `adminwire.ListTokens`."""
        tokens, following = await self._admin.tokens(name, after)
        page = fitting(map(dump, tokens))
        return {"tokens": joined(page), "next": tokens[len(page) - 1].id if len(page) < len(tokens) else following}

    @adminwire.Import.responder
    async def take_in(self, rows: bytes) -> wire.Answer:
        """See `adminwire.Import`."""
        changed, refused = await self._admin.take_in(rows_from_bytes(rows))
        return {"changed": changed, "refused": dump(refused)}

    @adminwire.Export.responder
    async def export(self, after: str) -> wire.Answer:
        """See `adminwire.Export`."""
        rows, following = await self._admin.everybody(after)
        page = fitting(map(dump, rows))
        return {"rows": joined(page), "next": rows[len(page) - 1].login if len(page) < len(rows) else following}

    @adminwire.Backup.responder
    async def backup(self, file: int) -> wire.Answer:
        """See `adminwire.Backup`."""
        try:
            copied = await self._admin.backup(file)
        finally:
            os.close(file)
        return {"epoch": copied.epoch, "revision": copied.revision, "bytes": copied.bytes}

    @adminwire.Restore.responder
    async def restore(self, file: int) -> wire.Answer:
        """See `adminwire.Restore`."""
        try:
            await self._admin.restore(file)
        finally:
            os.close(file)
        return {"epoch": self._store.engine.epoch, "revision": self._store.feed.revision}
