"""Records as pages: what goes into which slot of which template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit

from fingerpost.disclosure import UNKNOWN
from fingerpost.model import Availability, Person, Record, Status
from fingerpost.phrases import clock_time
from fingerpost.text import without_controls
from twisted.web.template import Element, Flattenable, Tag, XMLString, tags

from fingerpost_web.theme import Theme

__all__ = ["View", "layout", "listing", "message", "person"]

_LABELS = {
    "office": "Office",
    "office_phone": "Office phone",
    "home_phone": "Home phone",
    "timezone": "Time zone",
    "project": "Project",
}
_FOLLOWED = {"http", "https", "mailto", "gemini", "gopher", "finger", "xmpp", "irc", "ircs"}  # by a click

Slots = Mapping[str, Flattenable]
Part = bool | Sequence[Slots]


class View(Element):
    """A template with its slots filled. A part (`t:render`) is shown if True, or once for each of its own slots."""

    def __init__(self, loader: XMLString, slots: Slots, parts: Mapping[str, Part] | None = None) -> None:
        super().__init__(loader)
        self._slots = slots
        self._parts = parts or {}

    def render(self, request: Any) -> Any:
        """See `IRenderable`."""
        assert self.loader is not None
        return tags.transparent(*self.loader.load()).fillSlots(**self._slots)

    def lookupRenderMethod(self, name: str) -> Any:
        """See `IRenderable`."""
        return partial(self._part, self._parts.get(name, False))

    def _part(self, part: Part, request: Any, tag: Tag) -> Any:
        if part is True:
            return tag
        if not part:
            return ""
        pattern = tags.transparent(*tag.children)
        return tag.clear()(*(pattern.clone().fillSlots(**slots) for slots in part))


def layout(theme: Theme, site: str, title: str, main: View, *, stale: bool = False, sought: str = "") -> View:
    """The page around everything."""
    whole = f"{title} - {site}" if title else site
    slots: Slots = {"title": _text(whole), "site": _text(site), "sought": _text(sought), "main": main}
    return View(theme.pages["layout"], slots, {"stale": stale})


def message(theme: Theme, code: int, heading: str, sentence: str) -> View:
    """A page that says one thing."""
    slots = {"code": str(code), "heading": _text(heading), "sentence": _text(sentence)}
    return View(theme.pages["message"], slots)


def listing(theme: Theme, heading: str, records: Sequence[Record], nobody: str, after: str, following: str) -> View:
    """Some people; `after` and `following` are the cursors of this page and the next one."""
    slots = {"heading": _text(heading), "nobody": _text(nobody), "next": f"/?{urlencode({'after': following})}"}
    parts: dict[str, Part] = {
        "people": list(map(_row, records)),
        "empty": not records,
        "first": bool(after),
        "older": bool(following),
    }
    return View(theme.pages["list"], slots, parts)


def _row(record: Record) -> Slots:
    status = record.status
    return {
        "href": f"/{record.login}",
        "name": _text(record.person.name),
        "login": record.login if record.person.full_name else "",
        "said": "" if status is None else _said(status),
        "about": "" if status is None else _about(status),
    }


def person(theme: Theme, record: Record, silence: str, history: Sequence[Status] | None) -> View:
    """One person; `silence` is said of no status, and `history` is None where it can't be had now."""
    who, status = record.person, record.status
    facts = [{"label": label, "value": value} for label, value in _facts(who)]
    slots: dict[str, Flattenable] = {
        "name": _text(who.name),
        "login": who.login,
        "said": silence if status is None else _said(status) or "Status set",
        "about": "" if status is None else _about(status, via=True),
        "plan": _block(who.plan),
        "pubkey": _block(who.pubkey),
    }
    said: list[Slots] = [{"said": _said(status), "about": _about(status, via=True)} for status in history or ()]
    parts: dict[str, Part] = {
        "status": bool(silence) or status is not None,
        "facts": facts,
        "plan": bool(who.plan),
        "pubkey": bool(who.pubkey),
        "history": history is None or bool(said),
        "statuses": said,
        "no_history": history is None,
    }
    return View(theme.pages["person"], slots, parts)


def _facts(who: Person) -> Iterable[tuple[str, Flattenable]]:
    for name, label in _LABELS.items():
        if getattr(who, name):
            yield label, _text(getattr(who, name))
    if who.email:
        yield "Email", _anchor(f"mailto:{who.email}", who.email)
    if who.homepage:
        yield "Homepage", _anchor(who.homepage, who.homepage)
    yield from (("Link", _anchor(link.href, link.href)) for link in who.links)


def _anchor(href: str, text: str) -> Flattenable:
    """A link, if it is one that a click may follow."""
    try:
        followed = urlsplit(href).scheme in _FOLLOWED
    except ValueError:
        followed = False
    return tags.a(_text(text), href=_text(href), rel="me nofollow noopener") if followed else _text(text)


def _said(status: Status) -> str:
    return _text(f"{status.emoji} {status.text}" if status.emoji else status.text)


def _about(status: Status, *, via: bool = False) -> list[Flattenable]:
    """Whether somebody can be reached, since and until when they say so, and where they said it."""
    about: list[Flattenable] = []
    if status.availability is not Availability.FREE:
        about.append(tags.span(str(status.availability), class_=str(status.availability)))
    if status.set_at != UNKNOWN:
        about.append(_time(status.set_at))
    if status.expires_at is not None:
        about.append(["until ", _time(status.expires_at)])
    if via and status.via:
        about.append(_text(f"via {status.via}"))
    return [part for each in about for part in (", ", each)][1:]


def _time(moment: datetime) -> Tag:
    return tags.time(clock_time(moment), datetime=f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")


def _text(text: str) -> str:
    return without_controls(text)


def _block(text: str) -> str:
    return without_controls(text, block=True)
