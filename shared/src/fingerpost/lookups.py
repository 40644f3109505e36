"""What programs ask, in whichever protocol: the tutorial's `getUser` and `getUsers`, and a whole record."""

from __future__ import annotations

from collections.abc import Callable

from attrs import field, frozen
from attrs.validators import and_, ge, le

from fingerpost.errors import NoSuchUser
from fingerpost.fields import shown
from fingerpost.interfaces import IStatuses
from fingerpost.model import Record
from fingerpost.text import LIMITS

__all__ = ["Lookups", "LookupsConfig", "latest"]

_PAGE = 1000
_MOST = 10  # people looked at for each one wanted
_LONGEST = LIMITS["alias"].characters


@frozen(kw_only=True, slots=False)
class LookupsConfig:
    """The key of a frontend that programs ask: how many logins `getUsers` answers."""

    users_limit: int = field(default=10_000, validator=and_(ge(1), le(10_000)))


class Lookups:
    """Answers under a configuration that may change; each method raises `TemporarilyUnavailable`."""

    def __init__(self, statuses: IStatuses, config: LookupsConfig) -> None:
        self.config = config
        self._statuses = statuses

    async def user(self, name: str) -> str:
        """What somebody says, in the words of the tutorial where there is no such person."""
        try:
            record = await self._known(name)
        except NoSuchUser:
            return "No such user"
        return _words(record) or "No status."

    async def users(self) -> list[str]:
        """The logins of those who say something, the latest first."""
        found, _ = await latest(self._statuses, self.config.users_limit, lambda record: bool(_words(record)))
        return [record.login for record in found]

    async def record(self, name: str) -> dict[str, object]:
        """What there is of somebody, as `fingerpost.fields.shown` has it; raises `NoSuchUser`."""
        return shown(await self._known(name))

    async def _known(self, name: str) -> Record:
        if len(name) > _LONGEST:
            raise NoSuchUser
        return await self._statuses.get(name)


async def latest(
    statuses: IStatuses, limit: int, wanted: Callable[[Record], bool] = lambda record: True
) -> tuple[list[Record], bool]:
    """The `limit` wanted people who set a status last, however few of them one page holds, and whether there are more.

    Where hardly anybody is wanted, there may be fewer. Raises `TemporarilyUnavailable`.
    """
    found: list[Record] = []
    after, looked_at = "", 0
    while len(found) < limit and looked_at < limit * _MOST:
        page = await statuses.latest(after, min(_PAGE, limit))
        found += filter(wanted, page.records)
        after, looked_at = page.next, looked_at + len(page.records)
        if not after:
            break
    return found[:limit], bool(after) or len(found) > limit


def _words(record: Record) -> str:
    """What somebody says; "" where they say nothing, or keep it back."""
    return "" if record.status is None else record.status.text
