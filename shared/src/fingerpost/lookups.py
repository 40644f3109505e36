"""What programs ask, in whichever protocol: the tutorial's `getUser` and `getUsers`, and a whole record."""

from __future__ import annotations

from attrs import field, frozen
from attrs.validators import and_, ge, le

from fingerpost.errors import NoSuchUser
from fingerpost.fields import USUAL, check_shown, shown
from fingerpost.interfaces import IStatuses
from fingerpost.model import Record
from fingerpost.text import LIMITS

__all__ = ["Disclosure", "Lookups", "latest_records"]

_PAGE = 1000
_LONGEST = LIMITS["alias"].characters


@frozen(kw_only=True, slots=False)
class Disclosure:
    """What an administrator lets programs see: the fields in `show`, and at most `users_limit` logins at once."""

    show: tuple[str, ...] = field(default=USUAL, validator=check_shown)
    users_limit: int = field(default=10_000, validator=and_(ge(1), le(10_000)))

    def shows(self, *names: str) -> bool:
        """Whether fields may be shown, all of them."""
        return all(name in self.show for name in names)


class Lookups:
    """Answers under a disclosure that may change; each method raises `TemporarilyUnavailable`."""

    def __init__(self, statuses: IStatuses, disclosure: Disclosure) -> None:
        self.disclosure = disclosure
        self._statuses = statuses

    async def user(self, name: str) -> str:
        """What somebody says, in the words of the tutorial where there is no such person."""
        try:
            status = (await self._known(name)).status
        except NoSuchUser:
            return "No such user"
        return status.text if status is not None and self.disclosure.shows("status") else "No status."

    async def users(self) -> list[str]:
        """The logins of those who have a status, the latest first."""
        return [record.login for record in await latest_records(self._statuses, self.disclosure.users_limit)]

    async def record(self, name: str) -> dict[str, object]:
        """What may be shown of somebody, as `fingerpost.fields.shown` has it; raises `NoSuchUser`."""
        return shown(await self._known(name), self.disclosure.show)

    async def _known(self, name: str) -> Record:
        if len(name) > _LONGEST:
            raise NoSuchUser
        return await self._statuses.get(name)


async def latest_records(statuses: IStatuses, limit: int) -> list[Record]:
    """At most `limit` people who have a status, the latest first; raises `TemporarilyUnavailable`."""
    found: list[Record] = []
    after = ""
    while len(found) < limit:
        page = await statuses.latest(after, min(_PAGE, limit - len(found)))
        found += page.records
        after = page.next
        if not after:
            break
    return found
