"""What the web answers: a query in, a whole answer out."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Hashable
from functools import partial
from hashlib import sha256
from typing import Any

from attrs import field, frozen
from fingerpost.disclosed import Disclosed
from fingerpost.errors import FingerpostError, NoSuchUser, NotAccepted, TemporarilyUnavailable
from fingerpost.model import Record, Status
from twisted.logger import Logger
from twisted.web.template import flattenString

from fingerpost_web import views
from fingerpost_web.configuration import Config
from fingerpost_web.theme import Theme
from fingerpost_web.views import View

__all__ = ["Answer", "Pages"]

_MOST_FOUND = 50
_MOST_KEPT = 200  # pages that were made, and are wanted again until somebody says something else
_HEADINGS = {
    400: "That was not understood",
    404: "No such user",
    405: "That can't be done here",
    429: "Too many requests",
    500: "Something went wrong",
    503: "Temporarily unavailable",
}


@frozen
class Answer:
    """What is sent: a status code, headers, and a body."""

    code: int
    body: bytes = b""
    type: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(factory=dict)

    @property
    def etag(self) -> str:
        """The entity tag of the body (RFC 9110 §8.8.3)."""
        return f'"{sha256(self.body).hexdigest()[:32]}"'


class Pages:
    """The pages, as `config` and `theme` have them now."""

    _log = Logger()

    def __init__(self, statuses: Disclosed, config: Config, theme: Theme) -> None:
        self.config = config
        self.theme = theme
        self._statuses = statuses
        self._kept: dict[Hashable, bytes] = {}

    async def answer(self, page: Coroutine[Any, Any, Answer]) -> Answer:
        """The answer of a page, or one that says why there is none."""
        try:
            return await page
        except NoSuchUser:
            return await self.message(404, "Nobody here has that name.")
        except NotAccepted as error:
            return await self.message(400, str(error))
        except TemporarilyUnavailable as error:
            return await self.message(503, str(error), {"Retry-After": "5"})
        except FingerpostError as error:
            return await self.message(500, str(error))
        except Exception:
            self._log.failure("A page could not be made")
            return await self.message(500, "It has been logged.")

    async def message(self, code: int, sentence: str, headers: dict[str, str] | None = None) -> Answer:
        """A page that says one thing."""
        heading = _HEADINGS[code]
        main = partial(views.message, self.theme, code, heading, sentence)
        return await self._page(heading, main, code, headers or {}, kept=(code, sentence))

    async def people(self, after: str = "") -> Answer:
        """The people who set a status, the latest first."""
        found = await self._statuses.latest(after, self.config.page_size)
        nobody = "Nobody has set a status yet." if self._says_none else "There is nobody to list."
        main = partial(
            views.listing,
            self.theme,
            "What people are doing",
            found.records,
            "There is nobody further." if after else nobody,
            after,
            found.next,
        )
        return await self._page("", main, kept=(after, found.next, self._says_none, *found.records))

    async def found(self, text: str) -> Answer:
        """The people who match a text; the one person, if that is their login or alias."""
        try:
            return _moved(await self._statuses.get(text), 303)
        except NoSuchUser:
            records = await self._statuses.find(text, _MOST_FOUND)
        heading = f"People called {text}" if records else "Nobody was found"
        nobody = f"Nobody here is called {text}."
        main = partial(views.listing, self.theme, heading, records, nobody, "", "")
        return await self._page(heading, main, sought=text)

    async def person(self, name: str) -> Answer:
        """One person, at the one address that is theirs."""
        record = await self._statuses.get(name)
        if record.login != name:
            return _moved(record, 301)
        history = await self._history(record)
        silence = "No status." if self._says_none else ""
        main = partial(views.person, self.theme, record, silence, history)
        kept = (record, silence, None if history is None else tuple(history))
        return await self._page(record.person.name, main, kept=kept)

    @property
    def _says_none(self) -> bool:
        """Whether the site shows strangers statuses, so that there may be said to be none."""
        return "status" not in self._statuses.kept_back

    async def _history(self, record: Record) -> list[Status] | None:
        """What somebody said before the status they have now; None where it can't be had, and would be shown."""
        limit = self.config.history_limit
        if not limit:
            return []
        try:
            said = await self._statuses.history(record.login, None, limit + 1)
        except NoSuchUser:
            return []
        except FingerpostError:
            return [] if {"status", "history"} & self._statuses.kept_back else None
        return [status for status in said if status != record.status][:limit]

    async def _page(
        self,
        title: str,
        main: Callable[[], View],
        code: int = 200,
        headers: dict[str, str] | None = None,
        sought: str = "",
        kept: Hashable = None,
    ) -> Answer:
        """A page around `main`; `kept` is what it is made of, if it is worth keeping."""
        stale = self._statuses.stale and code != 503
        key = None if kept is None else (self.theme, self.config, stale, kept)
        body = self._kept.get(key)
        if body is None:
            page = views.layout(self.theme, self.config.title, title, main(), stale=stale, sought=sought)
            body = b"<!DOCTYPE html>\n" + await flattenString(None, page)
            if key is not None:
                self._keep(key, body)
        return Answer(code, body, headers=headers or {})

    def _keep(self, key: Hashable, body: bytes) -> None:
        if len(self._kept) >= _MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = body


def _moved(record: Record, code: int) -> Answer:
    return Answer(code, headers={"Location": f"/{record.login}"})
