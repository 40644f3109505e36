"""What an administrator lets finger answer: the switches of RFC 1288. Who may see what (§3.2.3) the store decides."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import field, frozen
from attrs.validators import ge

__all__ = ["Policy"]

_IN_LIST = ("status", "since", "office", "office_phone")


def _listed(policy: object, attribute: object, value: Sequence[str]) -> None:
    wrong = [name for name in value if name not in _IN_LIST]
    if wrong:
        raise ValueError(f"'{wrong[0]}' is none of the fields that fit into a list: {', '.join(_IN_LIST)}")


@frozen(kw_only=True, cache_hash=True)
class Policy:
    """`list` answers {C}, `ambiguous` lists the people who match a name; `show_in_list` are the columns of both."""

    list: bool = True
    list_limit: int = field(default=100, validator=ge(1))
    ambiguous: bool = True
    ambiguous_limit: int = field(default=20, validator=ge(1))
    history_limit: int = field(default=5, validator=ge(0))
    show_in_list: tuple[str, ...] = field(default=("status", "since"), validator=_listed)
    ascii: bool = False
