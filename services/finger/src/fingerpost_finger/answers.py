"""What is answered to a query: who is looked up, what is refused, and in which words."""

from __future__ import annotations

from functools import lru_cache

from fingerpost.disclosed import Disclosed
from fingerpost.errors import FingerpostError, NoSuchUser, TemporarilyUnavailable
from fingerpost.interfaces import IStatuses
from fingerpost.lookups import latest
from fingerpost.model import Audience, Record, Status
from fingerpost.ops.outcomes import Outcome
from fingerpost.ops.visits import Answer
from fingerpost.phrases import echoed

from fingerpost_finger import query, render
from fingerpost_finger.policy import Policy
from fingerpost_finger.query import BadQuery, Query

__all__ = ["Answers"]

_MOST_NAMES = 20  # people asked about in one query
_REMEMBERED = 2000  # answers kept ready


class Denied(FingerpostError):
    """That is not answered here."""


class Answers:
    """Turns query lines into answers, under a policy that may change while it runs."""

    def __init__(self, statuses: IStatuses, policy: Policy) -> None:
        self.policy = policy
        self._statuses = statuses
        self._seen_by = {asker: Disclosed(statuses, asker) for asker in (Audience.WORLD, Audience.LOCAL)}
        self._short = lru_cache(_REMEMBERED)(_short)  # most queries ask again about somebody who said nothing new

    async def answer(self, line: bytes, host: str) -> Answer:
        """The whole answer to a query line from an address ("" is this machine); every line of it ends in CRLF."""
        asked = None
        try:
            asked = query.parse(line)
            return await self._answer(asked, self._seen_by[self._statuses.site.asker(host)])
        except TemporarilyUnavailable:
            sentence = "Finger is temporarily unavailable here; please try again in a moment."
            return Answer(self.sentence(sentence), Outcome.UNAVAILABLE, _about(asked))
        except Denied as error:
            return Answer(self.sentence(str(error)), Outcome.DENIED, _about(asked))
        except FingerpostError as error:
            return Answer(self.sentence(str(error)), Outcome.REFUSED, _about(asked))

    def sentence(self, text: str) -> bytes:
        """An answer of one line."""
        return render.sentence(text, self.policy)

    async def _answer(self, asked: Query, statuses: Disclosed) -> Answer:
        if asked.hosts:
            raise Denied("Finger forwarding service denied.")  # RFC 1288 §3.2.1
        if not asked.names:
            return Answer(await self._list(statuses, asked.verbose))
        if len(asked.names) > _MOST_NAMES:
            raise BadQuery(f"Please ask for at most {_MOST_NAMES} people at once.")
        history = _History(statuses, self.policy.history_limit) if asked.verbose else None
        found = [await self._one(name, statuses, history) for name in asked.names]
        known = any(body is not None for body in found)
        bodies = [
            self.sentence(f"{echoed(name)}: no such user.") if body is None else body
            for name, body in zip(asked.names, found, strict=True)
        ]
        return Answer(b"\r\n".join(bodies), Outcome.ANSWERED if known else Outcome.NOT_FOUND, _about(asked))

    async def _list(self, statuses: Disclosed, verbose: bool) -> bytes:
        if not self.policy.list:
            raise Denied("Finger online user list denied.")  # RFC 1288 §3.2.2
        found, more = await latest(statuses, self.policy.list_limit)
        if not found:
            is_known = "status" not in statuses.kept_back
            return self.sentence("Nobody has set a status." if is_known else "There is nobody to list.")
        page = render.Page(self.policy.ascii)
        render.people(page, found, self.policy.show_in_list, verbose)
        if more:
            page.line(f"These are the latest {len(found)}; there are more.")
        return bytes(page)

    async def _one(self, name: str, statuses: Disclosed, history: _History | None) -> bytes | None:
        """What is known of a name, with `history` in full; None where that is nothing."""
        found = await self._matching(name, statuses)
        if not found:
            return None
        if len(found) == 1 and history is None:
            return self._short(found[0], self.policy.ascii, statuses.kept_back)
        page = render.Page(self.policy.ascii)
        if len(found) == 1:
            said = None if history is None else await history.of(found[0])
            render.person(page, found[0], statuses.kept_back)
            render.more(page, found[0].person, statuses.kept_back, said)
        else:
            page.line(f"{echoed(name)} may be any of these:")
            render.people(page, found, self.policy.show_in_list, history is not None)
        return bytes(page)

    async def _matching(self, name: str, statuses: Disclosed) -> list[Record]:
        """The person of this login or alias; or else, where that is allowed, everybody of this name (§2.5.3)."""
        try:
            return [await statuses.get(name)]
        except NoSuchUser:
            if not self.policy.ambiguous:
                return []
            return await statuses.find(name, self.policy.ambiguous_limit)


def _about(asked: Query | None) -> str:
    return "" if asked is None else ",".join(asked.names)


class _History:
    """Past statuses of the people in one query; once they are not to be had, the store is not asked again."""

    def __init__(self, statuses: Disclosed, limit: int) -> None:
        self._statuses = statuses
        self._limit = limit
        self._away = False

    async def of(self, record: Record) -> list[Status] | None:
        """What somebody said, the latest first; None where that is not to be had now."""
        if not self._limit:
            return []
        if not self._away:
            try:
                return await self._statuses.history(record.login, None, self._limit)
            except FingerpostError:
                self._away = True
        return None


def _short(record: Record, ascii_only: bool, kept_back: frozenset[str]) -> bytes:
    page = render.Page(ascii_only)
    render.person(page, record, kept_back)
    return bytes(page)
