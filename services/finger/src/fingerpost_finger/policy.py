"""What an administrator lets finger say: the switches of RFC 1288, and the fields that may be shown (§3.2.3)."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import field, frozen
from attrs.validators import ge
from fingerpost.fields import USUAL, check_shown

__all__ = ["Policy"]

_IN_LIST = ("status", "since", "office", "office_phone")


def _listed(policy: object, attribute: object, value: Sequence[str]) -> None:
    wrong = [name for name in value if name not in _IN_LIST]
    if wrong:
        raise ValueError(f"'{wrong[0]}' is none of the fields that fit into a list: {', '.join(_IN_LIST)}")


@frozen(kw_only=True, cache_hash=True)
class Policy:
    """`list` answers {C}, `ambiguous` lists the people who match a name; `show` and `show_in_list` are fields."""

    list: bool = True
    list_limit: int = field(default=100, validator=ge(1))
    ambiguous: bool = True
    ambiguous_limit: int = field(default=20, validator=ge(1))
    history_limit: int = field(default=5, validator=ge(0))
    show: tuple[str, ...] = field(default=USUAL, validator=check_shown)
    show_in_list: tuple[str, ...] = field(default=("status", "since"), validator=_listed)
    ascii: bool = False

    def shows(self, name: str) -> bool:
        """Whether a field may be shown of one person."""
        return name in self.show

    def lists(self, name: str) -> bool:
        """Whether a field may be shown in a list: never one that is kept back about a single person (§2.5.2)."""
        return name in self.show_in_list and name in self.show
