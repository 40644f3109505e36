"""By which words a person can be asked for: login, aliases, and the words of the real name (RFC 1288 §2.5.3)."""

from __future__ import annotations

from fingerpost.model import Person

__all__ = ["fold", "terms", "words"]


def fold(text: str) -> str:
    """`text` as names are compared: case folded, blanks made single."""
    return " ".join(text.casefold().split())


def terms(person: Person) -> frozenset[str]:
    """Every term under which the person is found."""
    name = fold(person.full_name)
    return frozenset({person.login, *map(fold, person.aliases), *name.split()} - {""})


def words(text: str) -> tuple[str, ...]:
    """The terms that a person must have, all of them, to match `text`."""
    return tuple(dict.fromkeys(fold(text).split()))
