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
from fingerpost.ops.structure import Wrong, structure

__all__ = [
    "audiences_from_bytes",
    "changes_from_bytes",
    "dump",
    "frame",
    "joined",
    "load",
    "parsed",
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
    given = parsed(data)
    if not isinstance(given, dict):
        raise NotAccepted("fields: this is not a profile")
    unknown = sorted(given.keys() - (kinds.keys() - {"login", "source"}))
    if unknown:
        raise NotAccepted(f"{unknown[0]}: there is no such field of a profile that can be changed")
    return {name: _field(name, value, kinds[name]) for name, value in given.items()}


def _field(name: str, value: object, kind: Any) -> object:
    try:
        found: object = structure(value, kind)
    except Wrong as wrong:
        path, expected, _ = wrong.found[0]
        raise NotAccepted(f"{'.'.join(map(str, (name, *path)))}: {expected}") from None
    return found


def parsed(data: bytes) -> Any:
    """The values of a JSON document that somebody else wrote; raises `NotAccepted`."""
    try:
        return json.loads(data, parse_constant=_no_constant)
    except RecursionError:
        raise NotAccepted("this is not JSON that anybody would write: it is nested too deeply") from None
    except ValueError as error:
        raise NotAccepted(f"this is not JSON ({error})") from None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def audiences_from_bytes(data: bytes) -> dict[str, str | None]:
    """Fields and audiences (or null) of a JSON object, whatever their names; raises `NotAccepted`."""
    given = parsed(data)
    if not isinstance(given, dict) or not all(value is None or isinstance(value, str) for value in given.values()):
        raise NotAccepted("audiences: these are not fields and audiences")
    return given
