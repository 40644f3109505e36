"""What commands find out that is no value of the model: what was made, copied, taken in or refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from attrs import field, frozen

from fingerpost.accounts import Scope
from fingerpost.ops.config import Problem

__all__ = ["Checked", "Copied", "Done", "Exported", "Imported", "Issued", "Removed", "Restored"]


@frozen
class Done:
    """A change of a person that says nothing back but that it was made, in words and as JSON's values."""

    sentence: str
    plain: dict[str, object]


@frozen
class Removed:
    """A person was removed; `sources` are those that know them all the same."""

    login: str
    sources: Sequence[str]


@frozen
class Issued:
    """A new token with its secret."""

    id: str
    token: str = field(repr=False)
    login: str
    scopes: tuple[Scope, ...]
    label: str
    expires_at: datetime | None


@frozen
class Copied:
    """A backup was written: the store's epoch and revision, and its size in bytes."""

    epoch: str
    revision: int
    bytes: int
    file: str = ""


@frozen
class Restored:
    """A backup took the place of everything: the epoch from now on, and the revision."""

    epoch: str
    revision: int
    file: str = ""


@frozen
class Exported:
    """How many people were written, and into which file."""

    people: int
    file: str


@frozen
class Imported:
    """What became of a file's rows; `changed` are those that were new or different."""

    people: int = 0
    changed: int = 0
    refused: int = 0


@frozen
class Checked:
    """A configuration file, and what is wrong with it; without one the defaults are in force, which is fine."""

    file: str
    section: str
    problems: Sequence[Problem] = ()
    is_there: bool = True
