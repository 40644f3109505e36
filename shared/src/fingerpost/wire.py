"""The AMP contract between the store and everything that talks to it: the commands and nothing else.

A record travels as JSON in one value, because AMP's own lists are seven times slower; lists are cut at `PAGE_BYTES`,
because a value over 64 KiB makes AMP drop the connection. A new argument must be optional; see `codec` for the JSON.
"""

from __future__ import annotations

from typing import Any

from twisted.protocols.amp import Command, DateTime, Integer, String, Unicode

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
    "Changes",
    "ClearStatus",
    "FindRecords",
    "GetHistory",
    "GetRecord",
    "Hello",
    "ListRecords",
    "SetStatus",
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
_WRITING = {**_READ, NotAllowed: b"NOT_ALLOWED", **_ANY}


class Hello(Command):
    """Comes first: which versions of the contract the two sides speak, and how far the store is."""

    arguments = [(b"version", Integer()), (b"client", Unicode())]
    response = [(b"version", Integer()), (b"epoch", Unicode()), (b"revision", Integer())]
    errors = {**_GREETED, **_ANY}


class GetRecord(Command):
    """One record by login or unambiguous alias; `change` is a `Change`."""

    arguments = [(b"name", Unicode())]
    response = [(b"change", String())]
    errors = _READING


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
    """Past statuses, the latest first; `statuses` is an array of `Status`."""

    arguments = [(b"name", Unicode()), (b"before", DateTime(optional=True)), (b"limit", Integer())]
    response = [(b"statuses", String())]
    errors = _READING


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
    errors = _WRITING


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


class Verify(Command):
    """Whose proof is this?"""

    arguments = [(b"proof", Unicode())]
    response = [(b"login", Unicode())]
    errors = _WRITING


Answer = dict[str, Any]
