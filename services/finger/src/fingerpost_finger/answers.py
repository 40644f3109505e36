"""What is answered to a query: who is looked up, what is refused, and in which words."""

from __future__ import annotations

from fingerpost.errors import FingerpostError, NoSuchUser, TemporarilyUnavailable
from fingerpost.interfaces import IStatuses
from fingerpost.model import Record, Status

from fingerpost_finger import query, render
from fingerpost_finger.policy import Policy
from fingerpost_finger.query import BadQuery, Query

__all__ = ["Answers"]

_MOST_NAMES = 20  # people asked about in one query


class Answers:
    """Turns query lines into answers, under a policy that may change while it runs."""

    def __init__(self, statuses: IStatuses, policy: Policy) -> None:
        self.policy = policy
        self._statuses = statuses

    async def answer(self, line: bytes) -> bytes:
        """The whole answer to a query line; every line of it ends in CRLF."""
        try:
            return await self._answer(query.parse(line))
        except BadQuery as error:
            return self.sentence(str(error))
        except TemporarilyUnavailable:
            return self.sentence("Finger is temporarily unavailable here; please try again in a moment.")
        except FingerpostError as error:
            return self.sentence(f"{error}")

    def sentence(self, text: str) -> bytes:
        """An answer of one line."""
        return render.sentence(text, self.policy)

    async def _answer(self, asked: Query) -> bytes:
        if asked.hosts:
            return self.sentence("Finger forwarding service denied.")  # RFC 1288 §3.2.1
        if not asked.names:
            return await self._list(asked.verbose)
        if len(asked.names) > _MOST_NAMES:
            raise BadQuery(f"Please ask for at most {_MOST_NAMES} people at once.")
        page = render.Page(self.policy.ascii)
        away = False  # once the store had no history to give, it is not asked again for the others
        for number, name in enumerate(asked.names):
            if number:
                page.line()
            away = await self._one(page, name, asked.verbose, away) or away
        return bytes(page)

    async def _list(self, verbose: bool) -> bytes:
        if not self.policy.list:
            return self.sentence("Finger online user list denied.")  # RFC 1288 §3.2.2
        found = await self._statuses.latest("", self.policy.list_limit)
        if not found.records:
            return self.sentence("Nobody has set a status.")
        page = render.Page(self.policy.ascii)
        render.people(page, found.records, self.policy, verbose)
        if found.next:
            page.line(f"These are the latest {len(found.records)}; there are more.")
        return bytes(page)

    async def _one(self, page: render.Page, name: str, verbose: bool, away: bool) -> bool:
        """Put what is known of a name on the page; say whether the store was too far away for history."""
        history: list[Status] | None = []
        found = await self._matching(name)
        if not found:
            page.line(f"{render.echoed(name)}: no such user.")
        elif len(found) == 1:
            if verbose:
                history = None if away else await self._history(found[0])
            render.person(page, found[0], self.policy, verbose, history)
        else:
            page.line(f"{render.echoed(name)} may be any of these:")
            render.people(page, found, self.policy, verbose)
        return history is None

    async def _matching(self, name: str) -> list[Record]:
        """The person of this login or alias; or else, where that is allowed, everybody of this name (§2.5.3)."""
        try:
            return [await self._statuses.get(name)]
        except NoSuchUser:
            if not self.policy.ambiguous:
                return []
            return await self._statuses.find(name, self.policy.ambiguous_limit)

    async def _history(self, record: Record) -> list[Status] | None:
        if not (self.policy.shows("history") and self.policy.history_limit):
            return []
        try:
            return await self._statuses.history(record.login, None, self.policy.history_limit)
        except FingerpostError:
            return None
