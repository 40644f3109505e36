"""The AMP commands of the admin socket: accounts, imports and backups. It answers those of `wire` too.

Whoever may open that socket is root, so no command here takes a proof; one of `wire` takes `peer` for any login.
"""

from __future__ import annotations

from twisted.protocols.amp import Command, DateTime, Descriptor, Integer, String, Unicode

from fingerpost.wire import WRITING

__all__ = [
    "AddUser",
    "Backup",
    "Export",
    "Import",
    "IssueToken",
    "ListTokens",
    "RemoveUser",
    "Restore",
    "RevokeToken",
    "SetPassword",
]


class AddUser(Command):
    """Make a person known; `fields` is a JSON object of a profile's fields. `NotAccepted` where they are known."""

    arguments = [(b"name", Unicode()), (b"fields", String()), (b"op_id", Unicode())]
    response = [(b"change", String())]
    errors = WRITING


class RemoveUser(Command):
    """Forget a person: profile, statuses, history, password, tokens.

    `sources` names, with blanks between them, the sources that still know them, and so make them known.
    """

    arguments = [(b"name", Unicode()), (b"op_id", Unicode())]
    response = [(b"sources", Unicode())]
    errors = WRITING


class SetPassword(Command):
    """Give a person a password, or with none take it away."""

    arguments = [(b"name", Unicode()), (b"password", Unicode(optional=True))]
    response = []
    errors = WRITING


class IssueToken(Command):
    """Make a token for a person; the answer is the only place where it can be read.

    `scopes` is one or more of `accounts.SCOPES`, with blanks between them.
    """

    arguments = [
        (b"name", Unicode()),
        (b"scopes", Unicode()),
        (b"label", Unicode()),
        (b"expires", DateTime(optional=True)),
    ]
    response = [(b"id", Unicode()), (b"token", Unicode())]
    errors = WRITING


class RevokeToken(Command):
    """Make a token worthless, by its id; `login` is whose it was. `NotAccepted` where there is none of that id."""

    arguments = [(b"id", Unicode())]
    response = [(b"login", Unicode())]
    errors = WRITING


class ListTokens(Command):
    """A page of tokens by id: those of a person, or ("") of everybody. `tokens` is an array of `accounts.Token`."""

    arguments = [(b"name", Unicode()), (b"after", Unicode())]
    response = [(b"tokens", String()), (b"next", Unicode(optional=True))]
    errors = WRITING


class Import(Command):
    """Take in people: `rows` is an array of `accounts.Row`, at most 500 of them and `PAGE_BYTES` long.

    Importing a row twice is importing it once. `refused` is an array of [index, sentence]; the other rows are
    taken in, and `changed` is how many of them were new or different.
    """

    arguments = [(b"rows", String())]
    response = [(b"changed", Integer()), (b"refused", String())]
    errors = WRITING


class Export(Command):
    """A page of everybody, hidden people too, by login: `rows` is an array of `accounts.Row`."""

    arguments = [(b"after", Unicode())]
    response = [(b"rows", String()), (b"next", Unicode(optional=True))]
    errors = WRITING


class Backup(Command):
    """Write a copy of the whole database, as of one moment, into an open file."""

    arguments = [(b"file", Descriptor())]
    response = [(b"epoch", Unicode()), (b"revision", Integer()), (b"bytes", Integer())]
    errors = WRITING


class Restore(Command):
    """Take the place of everything with what a backup holds; the store's epoch is another one from then on."""

    arguments = [(b"file", Descriptor())]
    response = [(b"epoch", Unicode()), (b"revision", Integer())]
    errors = WRITING
