"""Who acts for whom: the options that say so, and the proof that goes with it. No secret is taken from argv."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import click
from attrs import field, frozen

from fingerpost.ctl.problems import CannotRead
from fingerpost.ctl.rendering import is_open
from fingerpost.errors import NotAccepted
from fingerpost.interfaces import Proof

if TYPE_CHECKING:
    from fingerpost.ctl.store import Store

__all__ = ["TOKEN", "Claim", "claimed", "first_line", "new_password", "whose"]

TOKEN = "FINGERPOST_TOKEN"  # noqa: S105 (the name of a variable)


@frozen
class Claim:
    """For whom to act, None for oneself, and the token or password that lets one."""

    user: str | None = None
    token: str = field(default="", repr=False)
    password: str | None = field(default=None, repr=False)

    async def settled(self, store: Store) -> tuple[str, Proof]:
        """The name to act for, and the proof. A token says itself whose it is."""
        if self.token:
            proof = Proof("token", self.token)
            return self.user or await store.verify(proof), proof
        name = whose(self.user, store)
        if self.password is not None:
            return name, Proof("password", f"{name.lower()}:{self.password}")
        return name, store.proof


def whose(name: str | None, store: Store) -> str:
    """The name that was given, or one's own."""
    found = name or store.login
    if not found:
        raise NotAccepted("login: this machine has no name for you; say whose status it is")
    return found


def claimed(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options --user, --token-file and --password, and what they say as `claim`."""

    @click.option("--user", metavar="NAME", help="Whose it is, if not your own.")
    @click.option("--token-file", type=click.Path(), help=f"Act by the token in a file; else by ${TOKEN}, if set.")
    @click.option("--password", is_flag=True, help="Ask for the person's password; from stdin if that is no terminal.")
    @wraps(command)
    def with_claim(*arguments: Any, user: str | None, token_file: str | None, password: bool, **options: Any) -> Any:
        if password and token_file:
            raise click.UsageError("--password and --token-file exclude each other.")
        if password:
            claim = Claim(user, password=_secret("Password", again=False))
        else:
            claim = Claim(user, _read(token_file) if token_file else os.environ.get(TOKEN, "").strip())
        return command(*arguments, claim=claim, **options)

    return with_claim


def new_password() -> str:
    """A password, asked for twice on a terminal."""
    return _secret("New password", again=True)


def _secret(prompt: str, again: bool) -> str:
    if is_open(sys.stdin) and sys.stdin.isatty():
        found: str = click.prompt(prompt, hide_input=True, confirmation_prompt=again, err=True)
    else:
        found = first_line(sys.stdin.readline()) if is_open(sys.stdin) else ""
    if not found:
        raise NotAccepted("password: the first line of stdin is empty")
    return found


def first_line(text: str) -> str:
    """A secret as files hold it: one line, whose end is not part of it."""
    return text.partition("\n")[0].rstrip("\r")


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            token = first_line(file.readline(1000)).strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise CannotRead(f"The token in {path} cannot be read: {reason}.") from None
    if not token:
        raise CannotRead(f"There is no token in {path}.")
    return token
