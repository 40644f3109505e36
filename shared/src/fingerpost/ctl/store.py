"""The store as `fingerctl` asks it: over one connection, once, and with all the time that a command may need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import frozen
from twisted.internet.defer import CancelledError
from twisted.internet.defer import TimeoutError as TimedOut
from twisted.internet.error import ConnectionClosed
from twisted.internet.interfaces import IReactorTime
from twisted.protocols.amp import Command, TooLong, UnhandledCommand

from fingerpost import adminwire, wire
from fingerpost.accounts import Scope, Token
from fingerpost.calls import Calls, operation
from fingerpost.codec import dump, joined, load
from fingerpost.connection import StoreProtocol
from fingerpost.ctl.problems import ForAdministrators, Silent, StoreFailed, StoreGone
from fingerpost.ctl.results import Copied, Issued, Restored
from fingerpost.errors import FingerpostError, NotAccepted, TemporarilyUnavailable
from fingerpost.interfaces import Proof
from fingerpost.model import Record

__all__ = ["Administration", "Store"]

_USUALLY_WITHIN = 30.0
_WITHIN: Mapping[type[Command], float] = {
    adminwire.Import: 600.0,
    adminwire.Backup: 24 * 3600.0,
    adminwire.Restore: 24 * 3600.0,
}


@frozen(eq=False)
class Store(Calls):
    """See `Calls`. `login` is whose process this is."""

    protocol: StoreProtocol
    clock: IReactorTime
    login: str

    @property
    def proof(self) -> Proof:
        """That this is a process of its user. The admin socket takes it for everybody's, the setter asks the kernel."""
        return Proof("peer", self.login)

    async def greet(self) -> None:
        """Say hello, as has to be done first."""
        await self.ask(wire.Hello, version=wire.VERSION, client="fingerctl")

    async def ask(self, command: type[Command], **arguments: Any) -> dict[str, Any]:
        """See `Calls`."""
        within = _WITHIN.get(command, _USUALLY_WITHIN)
        try:
            return await self.protocol.asked(self.clock, command, arguments, within)
        except TemporarilyUnavailable as error:
            if error.__cause__ is None:
                raise
            raise _told(error.__cause__, within) from None
        except FingerpostError as error:
            if type(error) is FingerpostError:
                raise StoreFailed(str(error)) from None
            raise


def _told(cause: BaseException, within: float) -> Exception:
    """What became of a command that was not answered as it should be."""
    if isinstance(cause, UnhandledCommand):
        return ForAdministrators("This socket takes no commands for administrators.")
    if isinstance(cause, UnicodeError):
        return cause
    if isinstance(cause, TooLong):
        return NotAccepted("text: this is far too long")
    if isinstance(cause, ConnectionClosed):
        return StoreGone()
    if isinstance(cause, TimedOut | CancelledError):
        return Silent(f"The status store has not answered within {within:.0f} seconds.")
    return StoreFailed()


class Administration(Store):
    """What the admin socket answers besides."""

    async def add_user(self, name: str, fields: Mapping[str, object]) -> Record:
        """Make a person known."""
        return await self.write(adminwire.AddUser, name=name, fields=dump(fields), op_id="")

    async def remove_user(self, name: str) -> list[str]:
        """Forget a person; the sources that know them all the same."""
        answer = await self.ask(adminwire.RemoveUser, name=name, op_id=operation())
        return str(answer["sources"]).split()

    async def set_password(self, name: str, password: str | None) -> None:
        """Give a person a password, or take it away."""
        await self.ask(adminwire.SetPassword, name=name, password=password)

    async def issue_token(self, name: str, scopes: Sequence[Scope], label: str, expires: datetime | None) -> Issued:
        """Make a token."""
        answer = await self.ask(adminwire.IssueToken, name=name, scopes=" ".join(scopes), label=label, expires=expires)
        return Issued(answer["id"], answer["token"], name, tuple(scopes), label, expires)

    async def revoke_token(self, id: str) -> str:
        """Make a token worthless; the login whose it was."""
        login: str = (await self.ask(adminwire.RevokeToken, id=id))["login"]
        return login

    async def tokens(self, name: str, after: str) -> tuple[list[Token], str]:
        """A page of tokens, and the `after` of the next one."""
        answer = await self.ask(adminwire.ListTokens, name=name, after=after)
        return load(answer["tokens"], list[Token]), answer["next"] or ""

    async def import_rows(self, rows: Sequence[bytes]) -> tuple[int, list[tuple[int, str]]]:
        """Take in rows that are JSON already: how many were new or different, and which were refused for what."""
        answer = await self.ask(adminwire.Import, rows=joined(rows))
        return answer["changed"], load(answer["refused"], list[tuple[int, str]])

    async def export_rows(self, after: str) -> tuple[list[dict[str, Any]], str]:
        """A page of rows as JSON's values, and the `after` of the next one."""
        answer = await self.ask(adminwire.Export, after=after)
        return load(answer["rows"], list[dict[str, Any]]), answer["next"] or ""

    async def back_up(self, file: int) -> Copied:
        """Have everything written into an open file."""
        answer = await self.ask(adminwire.Backup, file=file)
        return Copied(answer["epoch"], answer["revision"], answer["bytes"])

    async def restore(self, file: int) -> Restored:
        """Have an open backup take the place of everything."""
        answer = await self.ask(adminwire.Restore, file=file)
        return Restored(answer["epoch"], answer["revision"])
