"""Plain values, of YAML or JSON, into attrs classes, strictly, gathering everything that is wrong with them.

cattrs finds the way from a type to its values. The hooks here are stricter than its own (no 5 for "5"), and run the
classes' validators field by field, so that whatever is wrong is known by its key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import cache, partial
from typing import Any, TypeVar, cast, get_args, get_origin

import attrs
import cattrs

__all__ = ["Wrong", "structure"]

T = TypeVar("T")
Found = tuple[tuple[str | int, ...], str, list[str]]  # key path, what was expected, keys known there

_PLAIN = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


class Wrong(Exception):
    """The values are not what the class wants."""

    def __init__(self, found: list[Found]) -> None:
        super().__init__(found)
        self.found = found


def structure(value: object, kind: type[T]) -> T:
    """The attrs class filled from YAML's mappings, lists and scalars; raises `Wrong`."""
    return _converter().structure(value, kind)


@cache
def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(detailed_validation=False)
    for kind, words in _PLAIN.items():
        converter.register_structure_hook(kind, _strict(kind, words))
    converter.register_structure_hook(datetime, _moment)
    converter.register_structure_hook_func(
        _is_tuple, lambda value, kind: _sequence(converter, value, get_args(kind)[0])
    )
    converter.register_structure_hook_func(_is_mapping, lambda value, kind: _values(converter, value, *get_args(kind)))
    converter.register_structure_hook_factory(attrs.has, lambda kind: _mapping(converter, kind))
    return converter


def _is_mapping(kind: Any) -> bool:
    return get_origin(kind) is Mapping


def _is_tuple(kind: Any) -> bool:
    return get_origin(kind) is tuple


def _moment(value: object, _: object) -> datetime:
    try:
        return datetime.fromisoformat(cast(str, value))
    except (ValueError, TypeError):
        raise _wrong(f"expected a time such as 2026-11-21T14:00:00+01:00, not {_shown(value)}") from None


def _choice(value: object, kind: type[StrEnum]) -> StrEnum:
    if not isinstance(value, str) or value not in list(kind):
        raise _wrong(f"expected one of {', '.join(kind)}, not {_shown(value)}")
    return kind(value)


def _strict(kind: type, words: str) -> Callable[[object, object], object]:
    accepted = (int, float) if kind is float else (kind,)

    def check(value: object, wanted: Any) -> object:
        if isinstance(wanted, type) and issubclass(wanted, StrEnum):
            return _choice(value, wanted)  # it is found as a str, which it is
        if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
            raise _wrong(f"expected {words}, not {_shown(value)}")
        return value

    return check


def _sequence(converter: cattrs.Converter, value: object, kind: Any) -> tuple[Any, ...]:
    """A list; of texts, one text alone may stand for it."""
    if kind is str and isinstance(value, str):
        return (value,)
    if not isinstance(value, list):
        words = "text or a list of texts" if kind is str else "a list"
        raise _wrong(f"expected {words}, not {_shown(value)}")
    return tuple(_each((index, partial(converter.structure, item, kind)) for index, item in enumerate(value)))


def _values(converter: cattrs.Converter, value: object, key: Any, kind: Any) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise _wrong(f"expected keys and values, not {_shown(value)}")
    names = _each((name, partial(converter.structure, name, key)) for name in value)
    found = _each((name, partial(converter.structure, item, kind)) for name, item in value.items())
    return dict(zip(names, found, strict=True))


def _mapping(converter: cattrs.Converter, kind: type) -> Callable[[object, object], object]:
    known = attrs.fields_dict(attrs.resolve_types(kind))

    def check(value: object, _: object) -> object:
        if not isinstance(value, dict):
            raise _wrong(f"expected keys and values, not {_shown(value)}")
        values = _each((key, partial(_field, converter, known, key, value[key])) for key in value)
        try:
            return kind(**dict(zip(value, values, strict=True)))
        except TypeError:
            missing = [a.name for a in known.values() if a.default is attrs.NOTHING and a.name not in value]
            raise Wrong([((name,), "this key is required", []) for name in missing]) from None
        except ValueError as error:
            raise _wrong(str(error)) from error

    return check


def _field(converter: cattrs.Converter, known: dict[str, Any], key: object, value: object) -> object:
    if key not in known:
        raise Wrong([((), "there is no such key", list(known))])
    attribute = known[str(key)]
    found: object = converter.structure(value, attribute.type)
    if attribute.validator is not None:
        attribute.validator(None, attribute, found)
    return found


def _each(steps: Iterable[tuple[Any, Callable[[], Any]]]) -> list[Any]:
    """What each step returns; or, where some fail, everything that they found wrong, under their keys."""
    done: list[Any] = []
    wrong: list[Found] = []
    for key, step in steps:
        try:
            done.append(step())
        except Wrong as error:
            wrong += [((key, *path), expected, known) for path, expected, known in error.found]
        except (ValueError, TypeError) as error:
            wrong.append(((key,), str(error), []))
    if wrong:
        raise Wrong(wrong)
    return done


def _wrong(expected: str) -> Wrong:
    return Wrong([((), expected, [])])


def _shown(value: object) -> str:
    return "nothing" if value is None else f"{value!r:.60}"
