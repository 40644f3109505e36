"""What a client of ours may send: which PB expressions, of which shape, holding which values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from twisted.spread.jelly import SecurityOptions

from fingerpost_pb.errors import Malformed

__all__ = ["DEEPEST", "PlainValues", "check"]

DEEPEST = 16  # lists within lists; a call with a name is three deep

_SENT = ("str", "bytes", "int", "float", "bool", "NoneType", "tuple", "list", "dict")
_TAKEN = ("unicode", "boolean", "None", "tuple", "list", "dictionary")


class PlainValues(SecurityOptions):
    """Lets texts, numbers, lists and dictionaries pass, and nothing that names a class, a reference or a copy.

    Twisted's own lets every type pass whose name has a dot, and with it each `Copyable` that anything registered.
    """

    def __init__(self) -> None:
        super().__init__()
        # Jelly asks for what it sends by the Python name, for what it gets by its own; no class of the former is taken.
        self.allowedTypes = dict.fromkeys([name.encode() for name in (*_TAKEN, *(f"builtins.{n}" for n in _SENT))], 1)

    def isTypeAllowed(self, typeName: Any) -> bool:
        """See `SecurityOptions`."""
        return typeName in self.allowedTypes


def check(expression: object) -> None:
    """Raise `Malformed` for what is no expression that a PB client sends to this server."""
    if not isinstance(expression, list) or not expression or not isinstance(expression[0], bytes):
        raise Malformed("it sent something that is no PB expression")
    shape = _SHAPES.get(expression[0])
    if shape is None:
        raise Malformed("it sent a PB expression that no client has a reason to send")
    rest = expression[1:]
    if len(rest) != len(shape) or not all(fits(part) for fits, part in zip(shape, rest, strict=True)):
        raise Malformed(f"it sent a malformed PB expression ({expression[0].decode()})")
    if _depth(expression) > DEEPEST:
        raise Malformed(f"it sent lists within lists, more than {DEEPEST} deep")


def _depth(expression: list[Any]) -> int:
    level, depth = [expression], 0
    while level:
        depth += 1
        level = [part for each in level for part in each if isinstance(part, list)]
    return depth


def _number(part: object) -> bool:
    return isinstance(part, int)


def _name(part: object) -> bool:
    return isinstance(part, int | bytes)


def _word(part: object) -> bool:
    return isinstance(part, bytes) and part.isascii()


def _anything(part: object) -> bool:
    return True


_SHAPES: Mapping[bytes, tuple[Callable[[object], bool], ...]] = {
    b"version": (_number,),
    b"message": (_number, _name, _word, _anything, _anything, _anything),
    b"answer": (_number, _anything),
    b"error": (_number, _anything),
    b"decref": (_number,),
    b"decache": (_number,),
}
