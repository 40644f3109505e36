"""Plain YAML values into attrs classes, strictly, gathering everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import attrs
import cattrs
from cattrs.errors import (
    AttributeValidationNote,
    ClassValidationError,
    ForbiddenExtraKeysError,
    IterableValidationError,
)

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
    try:
        return _converter().structure(value, kind)
    except Exception as error:
        raise Wrong(list(_found(error, (), kind))) from error


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True)
    for kind, words in _PLAIN.items():
        converter.register_structure_hook(kind, _strict(kind, words))
    converter.register_structure_hook_func(lambda kind: kind == tuple[str, ...], _strings)
    converter.register_structure_hook_factory(attrs.has, lambda kind: _mapping(converter, kind))
    return converter


def _strict(kind: type, words: str) -> Any:
    accepted = (int, float) if kind is float else (kind,)

    def check(value: object, _: object) -> object:
        if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
            raise ValueError(f"expected {words}, not {_shown(value)}")
        return value

    return check


def _strings(value: object, _: object) -> tuple[str, ...]:
    """A list of texts, for which one text alone may stand."""
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise ValueError(f"expected text or a list of texts, not {_shown(value)}")
    return tuple(items)


def _mapping(converter: cattrs.Converter, kind: type) -> Any:
    fill: Any = cattrs.gen.make_dict_structure_fn(kind, converter, _cattrs_forbid_extra_keys=True)

    def check(value: object, _: object) -> object:
        if not isinstance(value, dict):
            raise ValueError(f"expected keys and values, not {_shown(value)}")
        return fill(value, kind)

    return check


def _shown(value: object) -> str:
    return "nothing" if value is None else f"{value!r:.60}"


def _found(error: BaseException, path: tuple[str | int, ...], kind: Any) -> Iterator[Found]:
    if isinstance(error, ClassValidationError | IterableValidationError):
        noted, others = error.group_exceptions()
        for inner, note in noted:
            at = note.name if isinstance(note, AttributeValidationNote) else note.index
            yield from _found(inner, (*path, at), note.type)
        for inner in others:
            yield from _found(inner, path, error.cl)
    elif isinstance(error, ForbiddenExtraKeysError):
        known = [attribute.name for attribute in attrs.fields(error.cl)]
        for extra in sorted(error.extra_fields, key=str):
            yield (*path, extra), "there is no such key", known
    elif isinstance(error, KeyError):
        yield (*path, str(error.args[0])), "this key is required", []
    else:
        yield path, str(error), []
