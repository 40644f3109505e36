"""`fingerctl token`: secrets by which programs and people elsewhere set what is a person's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from fingerpost.accounts import Scope, Token
from fingerpost.ctl.asking import asks, for_administrators
from fingerpost.ctl.problems import CannotCreate
from fingerpost.ctl.rendering import Plain, Table, View, iso, local
from fingerpost.ctl.results import Done, Issued
from fingerpost.ctl.status import known
from fingerpost.ctl.views import DoneView
from fingerpost.errors import FingerpostError
from fingerpost.until import moment_after, moment_of

if TYPE_CHECKING:
    from fingerpost.ctl.store import Administration

__all__ = ["token"]

_NEVER = "never"


@click.group()
def token() -> None:
    """Issue, list and revoke tokens."""


class IssuedView(View[Issued]):
    """A new token: the secret alone on stdout, so that a shell can take it up."""

    def lines(self, result: Issued) -> list[str]:
        """See `View`."""
        return [result.token]

    def asides(self, result: Issued) -> list[str]:
        """See `View`."""
        until = f"until {local(result.expires_at)}" if result.expires_at else "until it is revoked"
        return [
            f"Token {result.id} lets whoever has it {_may(result.scopes)} for {result.login}, {until}.",
            f"It is not shown again; `fingerctl token revoke {result.id}` ends it.",
        ]

    def plain(self, result: Issued) -> list[Plain]:
        """See `View`."""
        return [
            {
                "id": result.id,
                "token": result.token,
                "login": result.login,
                "scopes": [one.value for one in result.scopes],
                "label": result.label,
                "expires_at": iso(result.expires_at),
            }
        ]


def _may(scopes: Iterable[Scope]) -> str:
    words = {Scope.STATUS: "set the status", Scope.PROFILE: "change the profile", Scope.ADMIN: "change everything"}
    return " and ".join(words[scope] for scope in scopes)


class TokensView(View[Sequence[Token]]):
    """Tokens without their secrets."""

    def __init__(self) -> None:
        self._table = Table("ID", "LOGIN", "SCOPES", "EXPIRES", "USED", "STATE", "LABEL")

    def lines(self, result: Sequence[Token]) -> Iterable[str]:
        """See `View`."""
        return self._table.lines(
            (
                one.id,
                one.login,
                ",".join(one.scopes),
                local(one.expires_at) or _NEVER,
                local(one.used_at) or _NEVER,
                _state(one),
                one.label,
            )
            for one in result
        )

    def plain(self, result: Sequence[Token]) -> Iterable[Plain]:
        """See `View`."""
        for one in result:
            yield {
                "id": one.id,
                "login": one.login,
                "scopes": [scope.value for scope in one.scopes],
                "label": one.label,
                "issued_at": iso(one.issued_at),
                "expires_at": iso(one.expires_at),
                "used_at": iso(one.used_at),
                "revoked_at": iso(one.revoked_at),
                "state": _state(one),
            }


def _state(one: Token) -> str:
    if one.revoked_at is not None:
        return "revoked"
    return "expired" if one.expires_at is not None and one.expires_at <= datetime.now(UTC) else "valid"


async def _unwritten(store: Administration, issued: Issued, error: OSError) -> None:
    """A token that nobody has is not to be good for anything."""
    try:
        await store.revoke_token(issued.id)
    except FingerpostError:
        hint = f"`fingerctl token revoke {issued.id}`"
        raise CannotCreate(f"The token cannot be written ({error.strerror}), nor revoked.", hint) from None
    raise CannotCreate(f"The token cannot be written ({error.strerror}), and is revoked again.") from None


@token.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([one.value for one in Scope]),
    multiple=True,
    required=True,
    help="What it is good for; repeat it.",
)
@click.option("--expires", default="90d", show_default=True, metavar="WHEN", help="After 90d, on 2026-12-31, or never.")
@click.option("--label", default="", help="What it is for, to be told by in a list.")
@for_administrators
@asks(IssuedView, unless_put=_unwritten)
async def issue(store: Administration, name: str, scopes: Sequence[str], expires: str, label: str) -> Issued:
    """Make a token and print it, once."""
    return await store.issue_token(name, [Scope(scope) for scope in dict.fromkeys(scopes)], label, _expiry(expires))


@token.command()
@click.argument("id")
@for_administrators
@asks(DoneView)
async def revoke(store: Administration, id: str) -> Done:
    """Make a token worthless, by its ID in the list."""
    login = await store.revoke_token(id)
    return Done(f"Token {id} of {login} is revoked", {"id": id, "login": login, "revoked": True})


@token.command("list")
@click.argument("name", default="")
@for_administrators
@asks(TokensView)
async def list_tokens(store: Administration, name: str) -> AsyncIterator[Sequence[Token]]:
    """List somebody's tokens, or everybody's; never the secrets."""
    login = (await known(store, name)).login if name else ""
    after = ""
    while True:
        tokens, after = await store.tokens(login, after)
        yield tokens
        if not after:
            return


def _expiry(text: str) -> datetime | None:
    """When a token is to end; a length of time begins with a digit and has no colon or date."""
    if text == _NEVER:
        return None
    now = datetime.now(UTC)
    if ":" in text or "-" in text:
        return moment_of(text, now, None, "expires")
    return moment_after(text, now, "expires")
