"""Records, statuses and changes as compact JSON, the form in which they travel and are stored.

Empty fields are left out and unknown ones ignored, so that an older peer can read what a newer one wrote.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, TypeVar

import cattrs
from attrs import fields_dict, resolve_types

from fingerpost.errors import NotAccepted
from fingerpost.model import Change, Person

__all__ = [
    "audiences_from_bytes",
    "changes_from_bytes",
    "dump",
    "frame",
    "joined",
    "load",
    "profile_fields",
]


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(omit_if_default=True, detailed_validation=False)
    converter.register_unstructure_hook(datetime, datetime.isoformat)
    converter.register_structure_hook(datetime, lambda value, _: datetime.fromisoformat(value))
    return converter


_CONVERTER: Final = _converter()
_T = TypeVar("_T")


def dump(value: object) -> bytes:
    """An attrs value (or a list of them) as compact UTF-8 JSON; times are ISO 8601 with an offset."""
    return json.dumps(_CONVERTER.unstructure(value), ensure_ascii=False, separators=(",", ":")).encode()


def load(data: bytes, kind: type[_T]) -> _T:
    """The value of the given attrs class that `dump` wrote."""
    return _CONVERTER.structure(json.loads(data), kind)


def frame(revision: int, login: str, record: bytes | None) -> bytes:
    """A `Change` as JSON around a record that is bytes already, to spare decoding it (a login needs no escaping)."""
    return b'{"revision":%d,"login":"%s","record":%s}' % (revision, login.encode("ascii"), record or b"null")


def joined(items: Iterable[bytes]) -> bytes:
    """A JSON array of values that are JSON bytes already."""
    return b"[" + b",".join(items) + b"]"


def changes_from_bytes(data: bytes) -> list[Change]:
    """The changes of an array of frames."""
    return load(data, list[Change])


def profile_fields(data: bytes) -> dict[str, object]:
    """The fields of a `Person` that a JSON object gives, whatever their text; raises `NotAccepted`."""
    kinds: dict[str, Any] = {name: attribute.type for name, attribute in fields_dict(resolve_types(Person)).items()}
    try:
        given = json.loads(data)
        unknown = sorted(set(given) - (set(kinds) - {"login", "source"}))
        if unknown:
            raise NotAccepted(f"{unknown[0]}: there is no such field of a profile that can be changed")
        return {name: _CONVERTER.structure(value, kinds[name]) for name, value in given.items()}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise NotAccepted(f"fields: this is not a profile ({error})") from error


def audiences_from_bytes(data: bytes) -> dict[str, str | None]:
    """Fields and audiences (or null) of a JSON object, whatever their names; raises `NotAccepted`."""
    try:
        return _CONVERTER.structure(json.loads(data), dict[str, str | None])
    except (ValueError, TypeError, AttributeError) as error:
        raise NotAccepted(f"audiences: these are not fields and audiences ({error})") from error
