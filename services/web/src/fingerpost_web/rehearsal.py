"""Makes every page once, of somebody made up, so that a mistake in a template is found before anybody sees it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from fingerpost.errors import FingerpostError
from fingerpost.model import Availability, Link, Person, Record, Status
from twisted.python.failure import Failure
from twisted.web.template import flattenString

from fingerpost_web import views
from fingerpost_web.theme import Theme
from fingerpost_web.views import View

__all__ = ["rehearse"]

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_STATUS = Status("Here", _NOW, "web", "\N{HOT BEVERAGE}", Availability.BUSY, _NOW)
_PERSON = Person(
    "ada",
    full_name="Ada",
    office="1",
    email="a@b",
    homepage="https://a/",
    plan="x",
    pubkey="x",
    links=(Link("me", "x"),),
)


def rehearse(theme: Theme) -> None:
    """Raise `FingerpostError` for a template that can't be filled."""
    record = Record(_PERSON, _STATUS)
    message = views.message(theme, 404, "Heading", "Sentence")
    pages: Mapping[str, View] = {
        "message": message,
        "list": views.listing(theme, "Heading", [record], "Nobody", "after", "next"),
        "person": views.person(theme, record, "No status.", [_STATUS]),
        "layout": views.layout(theme, "Site", "Title", message, stale=True, sought="x"),
    }
    for name, page in pages.items():
        failed: list[Failure] = []
        flattenString(None, page).addErrback(failed.append)
        if failed:
            error = failed[0].value
            cause = error.args[0] if error and error.args else error
            raise FingerpostError(f"templates: {name}.xml can't be filled: {cause!r}")
