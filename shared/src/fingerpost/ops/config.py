"""Configuration: YAML files into attrs classes, with errors that say where, what was expected, and what to do.

A service's classes are the whole list of its keys and defaults; unknown keys are refused.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import attrs
import yaml
from attrs import frozen

from fingerpost.errors import FingerpostError
from fingerpost.ops.structure import Wrong, structure

__all__ = ["EX_CONFIG", "ConfigError", "Problem", "load", "load_sections"]

EX_CONFIG = 78  # sysexits.h: something was found in an unconfigured or misconfigured state

T = TypeVar("T")
KeyPath = tuple[str | int, ...]


@frozen
class Problem:
    """One thing that is wrong with a file."""

    file: str
    line: int
    key: str
    expected: str
    hint: str = ""

    def __str__(self) -> str:
        key = f" {self.key}:" if self.key else ""
        hint = f" (hint: {self.hint})" if self.hint else ""
        return f"{self.file}:{self.line}:{key} {self.expected}{hint}"


class ConfigError(FingerpostError):
    """The configuration cannot be used."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


def load(kind: type[T], path: Path | None) -> T:
    """The configuration of one service; no file at all means the defaults. Raises `ConfigError`."""
    if path is None:
        return kind()
    return _structured(kind, path)


def load_sections(kinds: Mapping[str, type], path: Path | None) -> dict[str, Any]:
    """One configuration for each section name, from a file with those names as its sections; raises `ConfigError`."""
    whole = attrs.make_class(
        "Sections", {name: attrs.field(factory=kind, type=kind) for name, kind in kinds.items()}, frozen=True
    )
    sections = whole() if path is None else _structured(whole, path)
    return {name: getattr(sections, name) for name in kinds}


def _structured(kind: type[T], path: Path) -> T:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError([Problem(str(path), 1, "", f"cannot be read: {reason}")]) from error
    try:
        node = yaml.compose(text, yaml.SafeLoader)
        lines = dict(_lines(node))
        value = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError([Problem(str(path), line, "", f"this is not YAML: {error.problem}")]) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError([Problem(str(path), 1, "", f"this is not YAML: {error}")]) from error
    twice = [Problem(str(path), line, _key(key), "the key is given twice") for key, line in _twice(node)]
    if twice:
        raise ConfigError(twice)
    try:
        return structure({} if value is None else value, kind)
    except Wrong as wrong:
        raise ConfigError([_problem(path, lines, *found) for found in wrong.found]) from None


def _problem(path: Path, lines: Mapping[KeyPath, int], key: KeyPath, expected: str, known: Sequence[str]) -> Problem:
    at = key
    while at and at not in lines:
        at = at[:-1]
    hint = ""
    if known:
        close = difflib.get_close_matches(str(key[-1]), known, 1)
        hint = f"did you mean '{close[0]}'?" if close else f"the keys here are {', '.join(known)}"
    return Problem(str(path), lines.get(at, 1), _key(key), expected, hint)


def _key(path: KeyPath) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def _children(node: yaml.Node | None) -> Iterator[tuple[str | int, yaml.Node, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield str(key.value), value, key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield index, value, value.start_mark.line + 1


def _lines(node: yaml.Node | None, path: KeyPath = ()) -> Iterator[tuple[KeyPath, int]]:
    """The line of every key and list item; an anchor that holds itself has no end, so depth is bounded."""
    for key, child, line in _children(node):
        yield (*path, key), line
        if len(path) < 10:
            yield from _lines(child, (*path, key))


def _twice(node: yaml.Node | None, path: KeyPath = ()) -> Iterator[tuple[KeyPath, int]]:
    seen: set[str | int] = set()
    for key, child, line in _children(node):
        if key in seen:
            yield (*path, key), line
        seen.add(key)
        if len(path) < 10:
            yield from _twice(child, (*path, key))
