"""The fields of a record that a frontend may be told to show or to keep back (RFC 1288 §3.2.3)."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["FIELDS", "USUAL", "check_shown"]

# In the order in which they are shown. The login and the full name always are: §2.5.2 demands the name.
FIELDS = (
    "status", "since", "via", "office", "office_phone", "home_phone", "email", "homepage",
    "timezone", "links", "project", "plan", "pubkey", "history",
)  # fmt: skip
USUAL = tuple(name for name in FIELDS if name not in {"home_phone"})


def check_shown(owner: object, attribute: object, value: Sequence[str]) -> None:
    """An attrs validator for a `show:` key."""
    wrong = [name for name in value if name not in FIELDS]
    if wrong:
        raise ValueError(f"'{wrong[0]}' is none of the fields {', '.join(FIELDS)}")
