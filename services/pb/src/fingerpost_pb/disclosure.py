"""What an administrator lets clients see, and how much of it at once."""

from __future__ import annotations

from attrs import field, frozen
from attrs.validators import and_, ge, le
from fingerpost.fields import USUAL, check_shown

__all__ = ["Disclosure"]


@frozen(kw_only=True, slots=False)
class Disclosure:
    """`show` names fields; `users_limit` bounds `getUsers`."""

    show: tuple[str, ...] = field(default=USUAL, validator=check_shown)
    users_limit: int = field(default=1000, validator=and_(ge(1), le(10_000)))

    def shows(self, *names: str) -> bool:
        """Whether fields may be shown, all of them."""
        return all(name in self.show for name in names)
