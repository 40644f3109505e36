"""The pages as twisted.web resources: which path is which page, and how an answer is sent."""

from __future__ import annotations

from collections.abc import Coroutine
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred
from twisted.web import http
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from fingerpost_web.pages import Answer, Pages

__all__ = ["Front", "Page"]

_LONGEST_NAME = 100
_ALLOWED = (b"GET", b"HEAD")


class Page(Resource):
    """Sends the answer that `asked` gives, and 304 to whoever has it already."""

    isLeaf = True
    max_age = 0

    def __init__(self, pages: Pages) -> None:
        super().__init__()
        self.pages = pages

    async def asked(self, request: Any) -> Answer:
        """The answer to a request."""
        raise NotImplementedError

    def render(self, request: Any) -> int:
        """See `IResource`."""
        if request.method in _ALLOWED:
            return self.send(request, self.asked(request))
        return self.send(request, self.pages.message(405, "This can only be read.", {"Allow": "GET, HEAD"}))

    def send(self, request: Any, page: Coroutine[Any, Any, Answer]) -> int:
        """Send what a page answers, if the client is still there then."""
        gone: list[object] = []
        request.notifyFinish().addErrback(gone.append)
        answering = Deferred.fromCoroutine(self.pages.answer(page))
        answering.addCallback(partial(self._send, request, gone)).addErrback(request.processingFailed)
        return NOT_DONE_YET

    def _send(self, request: Any, gone: list[object], answer: Answer) -> None:
        if gone:
            return
        request.setResponseCode(answer.code)
        for name, value in answer.headers.items():
            request.setHeader(name, value)
        if answer.code == http.OK:
            request.setHeader("ETag", answer.etag)
            request.setHeader("Cache-Control", f"max-age={self.max_age}" if self.max_age else "no-cache")
            if _has(request, answer.etag):
                request.setResponseCode(http.NOT_MODIFIED)
                request.responseHeaders.removeHeader(b"content-type")
                request.finish()
                return
        request.setHeader("Content-Type", answer.type)
        request.setHeader("Content-Length", str(len(answer.body)))
        request.write(answer.body)
        request.finish()


def _has(request: Any, etag: str) -> bool:
    """Whether the client has this already (RFC 9110 §13.1.2, by weak comparison)."""
    given = (request.getHeader("If-None-Match") or "").split(",")
    return any(tag.strip().removeprefix("W/") in {etag, "*"} for tag in given)


class _People(Page):
    """`/`: the list, a page of it (`after`), or those who are sought (`q`)."""

    async def asked(self, request: Any) -> Answer:
        """See `Page`."""
        sought = " ".join(_argument(request, b"q")[:_LONGEST_NAME].split())
        return await (self.pages.found(sought) if sought else self.pages.people(_argument(request, b"after")))


class _Person(Page):
    """`/<login>`: a person."""

    def __init__(self, pages: Pages, name: bytes) -> None:
        super().__init__(pages)
        self._name = name

    async def asked(self, request: Any) -> Answer:
        """See `Page`."""
        name = request.about = self._name.decode("utf-8", "replace")[:_LONGEST_NAME]
        return await self.pages.person(name)


class _Static(Page):
    """`/static/<name>`: the stylesheet and the icon."""

    max_age = 300

    def __init__(self, pages: Pages, path: list[bytes]) -> None:
        super().__init__(pages)
        self._path = path

    async def asked(self, request: Any) -> Answer:
        """See `Page`."""
        found = self.pages.theme.static.get(b"/".join(self._path).decode("latin-1"))
        if found is None:
            return await self.pages.message(404, "There is no such file.")
        return Answer(200, found.body, found.type)


class _Sentence(Page):
    """Says one thing, whatever is asked."""

    def __init__(self, pages: Pages, code: int, sentence: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(pages)
        self._answer = (code, sentence, headers)

    def render(self, request: Any) -> int:
        """See `IResource`."""
        return self.send(request, self.pages.message(*self._answer))


class Front(Resource):
    """The root: `RPC2`, `static/`, and everybody's page."""

    def __init__(self, pages: Pages, rpc: Resource) -> None:
        super().__init__()
        self._pages = pages
        self._rpc = rpc

    def getChild(self, path: bytes, request: Any) -> Resource:
        """See `IResource`."""
        rest = request.postpath  # "/moshez/" would be a second address of "/moshez"
        if path == b"static":
            return _Static(self._pages, rest)
        if rest:
            return _Sentence(self._pages, 404, "There is no such page.")
        if path == b"RPC2":
            if request.method == b"POST":
                return self._rpc
            return _Sentence(self._pages, 405, "This address is for programs, which POST to it.", {"Allow": "POST"})
        return _Person(self._pages, path) if path else _People(self._pages)

    def refusing(self, sentence: str) -> Resource:
        """The page for somebody who asks too often."""
        return _Sentence(self._pages, 429, sentence, {"Retry-After": "1"})


def _argument(request: Any, name: bytes) -> str:
    values: list[bytes] = request.args.get(name, [b""])
    return values[0].decode("utf-8", "replace")
