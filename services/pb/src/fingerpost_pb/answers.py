"""The answers to calls: who is looked up, what may be said of them, and what there is to call at all."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fingerpost.lookups import Lookups

from fingerpost_pb.errors import BadCall
from fingerpost_pb.live import LiveStatuses

__all__ = ["Answers"]


class Answers:
    """Answers what `lookups` and the live list know."""

    def __init__(self, lookups: Lookups, live: LiveStatuses) -> None:
        self._lookups = lookups
        self._live = live

    @property
    def calls(self) -> Mapping[str, Callable[..., Coroutine[Any, Any, object]]]:
        """Every call there is, by name."""
        return {
            "getUser": self.get_user,
            "getUsers": self.get_users,
            "getRecord": self.get_record,
            "getLive": self.get_live,
        }

    async def get_user(self, user: str | bytes) -> str:
        """What somebody says they do, in the words of the tutorial where there is no such person."""
        return await self._lookups.user(_text(user))

    async def get_users(self) -> list[str]:
        """The logins of those who say something, the latest first."""
        return await self._lookups.users()

    async def get_record(self, user: str | bytes) -> dict[str, object]:
        """What there is of somebody, as `fingerpost.fields.shown` has it; raises `NoSuchUser`."""
        return await self._lookups.record(_text(user))

    async def get_live(self) -> LiveStatuses:
        """The live list, which a PB client keeps a copy of."""
        return await self._live.ready()


def _text(user: object) -> str:
    if isinstance(user, str):
        return user
    if isinstance(user, bytes):  # what a program from the days of Python 2 sends
        try:
            return user.decode("utf-8")
        except UnicodeDecodeError:
            raise BadCall("The name is not UTF-8.") from None
    raise BadCall("A name is a str, or bytes in UTF-8.")
