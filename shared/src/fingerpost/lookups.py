"""What programs ask, in whichever protocol: the tutorial's `getUser` and `getUsers`, and a whole record."""

from __future__ import annotations

from attrs import field, frozen
from attrs.validators import and_, ge, le

from fingerpost.errors import NoSuchUser
from fingerpost.fields import USUAL, check_shown, shown
from fingerpost.interfaces import IStatuses, Page
from fingerpost.model import Record
from fingerpost.text import LIMITS

__all__ = ["Disclosure", "Lookups", "latest"]

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
        page = await latest(self._statuses, self.disclosure.users_limit)
        return [record.login for record in page.records]

    async def record(self, name: str) -> dict[str, object]:
        """What may be shown of somebody, as `fingerpost.fields.shown` has it; raises `NoSuchUser`."""
        return shown(await self._known(name), self.disclosure.show)

    async def _known(self, name: str) -> Record:
        if len(name) > _LONGEST:
            raise NoSuchUser
        return await self._statuses.get(name)


async def latest(statuses: IStatuses, limit: int) -> Page:
    """The `limit` people who set a status last, however few of them one page holds; raises `TemporarilyUnavailable`."""
    page = await statuses.latest("", min(_PAGE, limit))
    found = list(page.records)
    while page.next and len(found) < limit:
        page = await statuses.latest(page.next, min(_PAGE, limit - len(found)))
        found += page.records
    return Page(found, page.next)
