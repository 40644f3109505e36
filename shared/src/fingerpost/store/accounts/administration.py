"""What the administrator may do: accounts, tokens, people by the thousand, and whole copies of the store."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from twisted.internet.defer import Deferred, FirstError, gatherResults
from twisted.logger import Logger

from fingerpost.accounts import Row, Scope, Token
from fingerpost.errors import NoSuchUser, NotAccepted
from fingerpost.ops.events import Event
from fingerpost.store.accounts.checkers import digest
from fingerpost.store.accounts.passwords import Passwords
from fingerpost.store.accounts.rows import edit, row_of
from fingerpost.store.dossier import Dossier
from fingerpost.store.edits import Added, Removed
from fingerpost.store.interfaces import Copied, Framed, IThreads
from fingerpost.store.store import Store
from fingerpost.text import check_line, check_login

__all__ = ["Administration"]

_AT_ONCE = 200  # rows or tokens in a page


class Administration:
    """Acts on a store and its engine's secrets; every change is logged with what was done to whom.

    `replacing` is called before a backup takes the place of everything, and `replaced` when that is over.
    """

    _log = Logger()

    def __init__(
        self, store: Store, passwords: Passwords, reading: IThreads, writing: IThreads, copying: IThreads
    ) -> None:
        self.replacing: Callable[[], None] = lambda: None
        self.replaced: Callable[[], None] = lambda: None
        self._store = store
        self._secrets = store.engine.secrets
        self._passwords = passwords
        self._reading = reading
        self._writing = writing
        self._copying = copying

    async def add(self, name: str, fields: Mapping[str, Any], op_id: str) -> Framed:
        """Make somebody known; raises `NotAccepted` where they are."""
        login = check_login(name)
        made = await self._store.write(login, Added(fields), op_id)
        self._changed(login, "added")
        return made

    async def remove(self, name: str, op_id: str) -> tuple[str, ...]:
        """Forget somebody; the sources that still know them."""
        login = check_login(name)
        await self._store.write(login, Removed(), op_id)
        await self._writing.run(self._secrets.forget, login)
        self._changed(login, "removed")
        return (await self._dossier(login)).sources

    async def set_password(self, name: str, password: str | None) -> None:
        """Give somebody a password, or (None) take it away."""
        login = await self._known(name)
        hashed = "" if password is None else await self._passwords.hashed(password)
        await self._writing.run(self._secrets.set_password, login, hashed)
        self._changed(login, "given a password" if password else "left without a password")

    async def issue(self, name: str, scopes: frozenset[Scope], label: str, expires: datetime | None) -> tuple[str, str]:
        """Make a token for somebody: its id, and the token, which is nowhere kept."""
        login, now = await self._known(name), self._store.now()
        if not scopes:
            raise NotAccepted(f"scopes: a token is for at least one of {', '.join(Scope)}")
        if expires is not None and expires <= now:
            raise NotAccepted("expires: that time has already passed")
        secret = f"fp_{secrets.token_urlsafe(32)}"
        token = Token(secrets.token_hex(6), login, tuple(sorted(scopes)), check_line("label", label), now, expires)
        await self._writing.run(self._secrets.issue, token, digest(secret))
        self._changed(login, f"given the token {token.id} for {' '.join(token.scopes)}")
        return token.id, secret

    async def revoke(self, id: str) -> str:
        """Make a token worthless; whose it was."""
        token = await self._writing.run(self._secrets.revoke, id, self._store.now())
        if token is None:
            raise NotAccepted(f"id: there is no token '{id}'")
        login: str = token.login
        self._changed(login, f"deprived of the token {id}")
        return login

    async def tokens(self, name: str, after: str) -> tuple[list[Token], str | None]:
        """A page of the tokens of somebody, or ("") of everybody, and where the next one starts."""
        login = check_login(name) if name else ""
        page = await self._reading.run(self._secrets.tokens, login, after, _AT_ONCE)
        return page, page[-1].id if len(page) == _AT_ONCE else None

    async def take_in(self, rows: Sequence[Row | NotAccepted]) -> tuple[int, list[tuple[int, str]]]:
        """Import rows: how many changed something, and of those refused the place and the reason."""
        before, now = self._store.feed.revision, self._store.now()
        taking_in = [Deferred.fromCoroutine(self._imported(row, now)) for row in rows]
        try:
            outcomes = await gatherResults(taking_in, consumeErrors=True)
        except FirstError as error:
            error.subFailure.raiseException()
            raise
        made = [outcome for outcome in outcomes if isinstance(outcome, Framed)]
        refused = [(place, str(outcome)) for place, outcome in enumerate(outcomes) if not isinstance(outcome, Framed)]
        return sum(framed.revision > before for framed in made), refused

    async def _imported(self, row: Row | NotAccepted, now: datetime) -> Framed | NotAccepted:
        try:
            if isinstance(row, NotAccepted):
                raise row
            return await self._store.write(check_login(row.login), edit(row, now))
        except NotAccepted as error:
            return error

    async def everybody(self, after: str) -> tuple[list[Row], str | None]:
        """A page of everybody as rows, and where the next one starts."""
        page = await self._reading.run(self._store.engine.dossiers, after, _AT_ONCE)
        return list(map(row_of, page)), page[-1].login if len(page) == _AT_ONCE else None

    async def backup(self, file: int) -> Copied:
        """Write a copy of everything into an open file; raises `CopyFailed`."""
        copied: Copied = await self._copying.run(self._store.engine.backup, file)
        self._log.info(
            "A backup of {finger_bytes} bytes was made", message_id=Event.BACKUP_MADE, finger_bytes=copied.bytes
        )
        return copied

    async def restore(self, file: int) -> None:
        """Take the place of everything with a backup; raises `NotAccepted` for a file that is none."""
        copy = await self._copying.run(self._store.engine.receive, file)
        self.replacing()
        try:
            await self._store.restore(copy)
        finally:
            self.replaced()
        self._log.info(
            "A backup of revision {finger_revision} has taken the place of the database",
            message_id=Event.STORE_RESTORED,
            finger_revision=self._store.feed.revision,
        )

    async def _known(self, name: str) -> str:
        login = check_login(name)
        if not (await self._dossier(login)).known:
            raise NoSuchUser
        return login

    def _dossier(self, login: str) -> Deferred[Dossier]:
        return self._reading.run(self._store.engine.dossier, login)

    def _changed(self, login: str, what: str) -> None:
        self._log.info(
            "{finger_user} was {finger_change} by the administrator",
            message_id=Event.ACCOUNT_CHANGED,
            finger_user=login,
            finger_change=what,
        )
