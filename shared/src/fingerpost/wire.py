"""The AMP contract between the store and everything that talks to it: the commands and nothing else.

What only the administrator may ask is in `adminwire`.

A record travels as JSON in one value, because AMP's own lists are seven times slower; lists are cut at `PAGE_BYTES`,
because a value over 64 KiB makes AMP drop the connection. A new argument must be optional; see `codec` for the JSON.
"""

from __future__ import annotations

from typing import Any

from twisted.protocols.amp import Boolean, Command, DateTime, Integer, String, Unicode

from fingerpost.errors import (
    FingerpostError,
    HelloFirst,
    NoSuchUser,
    NotAccepted,
    NotAllowed,
    Resync,
    TemporarilyUnavailable,
)

__all__ = [
    "PAGE_BYTES",
    "VERSION",
    "WRITING",
    "Changes",
    "ClearStatus",
    "Explain",
    "FindRecords",
    "GetHistory",
    "GetRecord",
    "Hello",
    "ListRecords",
    "SetStatus",
    "SetVisibility",
    "Subscribe",
    "UpdateProfile",
    "Verify",
]

VERSION = 1
PAGE_BYTES = 48 * 1024

# AMP takes the first that fits, so the base class of them all comes last.
_ANY: dict[type[Exception], bytes] = {FingerpostError: b"FAILED"}
_GREETED: dict[type[Exception], bytes] = {
    HelloFirst: b"HELLO_FIRST",
    TemporarilyUnavailable: b"TEMPORARILY_UNAVAILABLE",
}
_READ: dict[type[Exception], bytes] = {**_GREETED, NoSuchUser: b"NO_SUCH_USER", NotAccepted: b"NOT_ACCEPTED"}
_READING = {**_READ, **_ANY}
WRITING = {**_READ, NotAllowed: b"NOT_ALLOWED", **_ANY}


class Hello(Command):
    """Comes first: which versions of the contract the two sides speak, and how far the store is.

    `site` is what the site discloses (`disclosure.Site`). Who says hello again hears of it anew.
    """

    arguments = [(b"version", Integer()), (b"client", Unicode())]
    response = [
        (b"version", Integer()),
        (b"epoch", Unicode()),
        (b"revision", Integer()),
        (b"site", String(optional=True)),
    ]
    errors = {**_GREETED, NotAllowed: b"NOT_ALLOWED", **_ANY}


class GetRecord(Command):
    """One record by login or unambiguous alias; `change` is a `Change`.

    With a proof, on the write socket, it is what the prover may see: all of their own record, and of others what is for
    members.
    """

    arguments = [(b"name", Unicode()), (b"proof", Unicode(optional=True))]
    response = [(b"change", String())]
    errors = WRITING


class FindRecords(Command):
    """People who match a text (RFC 1288 §2.5.3); `changes` is an array of `Change`."""

    arguments = [(b"text", Unicode()), (b"limit", Integer())]
    response = [(b"changes", String())]
    errors = _READING


class ListRecords(Command):
    """A page of records: everybody by name, or those with a status by recency (`order` "name" or "latest").

    It may hold fewer than `limit`; `next` is the `after` of the next page, absent on the last one.
    """

    arguments = [(b"after", Unicode()), (b"limit", Integer()), (b"order", Unicode())]
    response = [(b"changes", String()), (b"next", Unicode(optional=True))]
    errors = _READING


class GetHistory(Command):
    """Past statuses, the latest first; `statuses` is an array of `Status`. For the proof see `GetRecord`."""

    arguments = [
        (b"name", Unicode()),
        (b"before", DateTime(optional=True)),
        (b"limit", Integer()),
        (b"proof", Unicode(optional=True)),
    ]
    response = [(b"statuses", String())]
    errors = WRITING


class Subscribe(Command):
    """From now on the store sends `Changes` for every revision behind `since`; `Resync` if it no longer has them."""

    arguments = [(b"epoch", Unicode()), (b"since", Integer())]
    response = [(b"revision", Integer())]
    errors = {**_GREETED, Resync: b"RESYNC", **_ANY}


class Changes(Command):
    """Store to subscriber: the revisions `first` to `last`; the next batch follows the answer."""

    arguments = [(b"first", Integer()), (b"last", Integer()), (b"changes", String())]
    response = []
    errors = {Resync: b"RESYNC"}


class _Write(Command):
    """What every change of a person has in common."""

    arguments = [(b"name", Unicode()), (b"proof", Unicode()), (b"op_id", Unicode())]
    response = [(b"change", String())]
    errors = WRITING


class SetStatus(_Write):
    """Set a status; it is durable before it is answered."""

    arguments = [
        *_Write.arguments,
        (b"text", Unicode()),
        (b"via", Unicode()),
        (b"emoji", Unicode(optional=True)),
        (b"availability", Unicode(optional=True)),
        (b"expires", DateTime(optional=True)),
    ]


class ClearStatus(_Write):
    """Take a status away."""


class UpdateProfile(_Write):
    """Change fields of a `Person`; `fields` is a JSON object of them."""

    arguments = [*_Write.arguments, (b"fields", String())]


class SetVisibility(_Write):
    """Say who may see what of a person; what is left out stays as it is.

    `audiences` is a JSON object of fields (`disclosure.FIELDS`) and audiences; null is what the site says.
    """

    arguments = [*_Write.arguments, (b"hidden", Boolean(optional=True)), (b"audiences", String(optional=True))]


class Explain(Command):
    """What somebody who asks as `asker` ("world", "local", "member") is shown of a person; `explanation` is JSON.

    See `explanation.Explanation`. The proof has to be the person's own, or the administrator's.
    """

    arguments = [(b"name", Unicode()), (b"asker", Unicode()), (b"proof", Unicode())]
    response = [(b"explanation", String())]
    errors = WRITING


class Verify(Command):
    """Whose proof is this, and what may they do (`scopes`, with blanks between them)?"""

    arguments = [(b"proof", Unicode())]
    response = [(b"login", Unicode()), (b"scopes", Unicode(optional=True))]
    errors = WRITING


Answer = dict[str, Any]
