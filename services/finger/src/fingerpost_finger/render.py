"""Answers as bytes: lines that end in CRLF (RFC 1288 §2.2), in UTF-8 or ASCII, and never a control character."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from datetime import UTC
from itertools import accumulate

from fingerpost.disclosure import UNKNOWN
from fingerpost.model import Person, Record, Status
from fingerpost.phrases import clock_time, said
from fingerpost.text import without_controls

from fingerpost_finger.policy import Policy

__all__ = ["Page", "more", "people", "person", "sentence"]

_WIDE = 30  # columns of a status in a list

_LABELS = {
    "office": "Office",
    "office_phone": "Office phone",
    "home_phone": "Home phone",
    "email": "Email",
    "homepage": "Homepage",
    "timezone": "Time zone",
}
_TITLES = {"status": "Status", "since": "Since (UTC)", "office": "Office", "office_phone": "Phone"}


class Page:
    """Lines of text that become the bytes of an answer."""

    def __init__(self, ascii_only: bool = False) -> None:
        self._ascii = ascii_only
        self._lines: list[str] = []

    def line(self, text: str = "") -> None:
        """One line; whatever in it is not allowed is shown as U+FFFD."""
        self._lines.append(without_controls(text).rstrip(" "))

    def block(self, text: str) -> None:
        """Several lines, tabs as blanks."""
        for line in text.split("\n"):
            self.line(line.expandtabs(8))

    def __bytes__(self) -> bytes:
        text = "".join(f"{line}\r\n" for line in self._lines)
        if self._ascii:
            return unicodedata.normalize("NFKD", text).encode("ascii", "replace")
        return text.encode("utf-8", "replace")


def sentence(text: str, policy: Policy) -> bytes:
    """An answer of one line."""
    page = Page(policy.ascii)
    page.line(text)
    return bytes(page)


def person(page: Page, record: Record, kept_back: Collection[str]) -> None:
    """One person, without what only /W asks for; of `kept_back` it is not said that there is none."""
    who = record.person
    page.line(f"{_column(f'Login: {who.login}', 39)} Name: {who.name}")
    if record.status is not None:
        _status(page, record.status)
    elif "status" not in kept_back:
        page.line("No status.")
    for name, label in _LABELS.items():
        if getattr(who, name):
            page.line(f"{label}: {getattr(who, name)}")
    for link in who.links:
        page.line(f"Link: {link.href}")


def _status(page: Page, status: Status) -> None:
    about = [] if status.set_at == UNKNOWN else [f"since {clock_time(status.set_at)}"]
    if status.expires_at is not None:
        about.append(f"until {clock_time(status.expires_at)}")
    if status.via:
        about.append(f"via {status.via}")
    if status.text:
        page.line(f"Status: {said(status)}")
    if about:
        page.line(f"  {', '.join(about)}" if status.text else f"Status set: {', '.join(about)}")


def more(page: Page, who: Person, kept_back: Collection[str], history: Sequence[Status] | None) -> None:
    """What /W asks for; `history` is None where it is not to be had now."""
    if who.project:
        page.line(f"Project: {who.project}")
    if who.plan:
        page.line("Plan:")
        page.block(who.plan)
    elif "plan" not in kept_back:
        page.line("No Plan.")
    if who.pubkey:
        page.line("Public key:")
        page.block(who.pubkey)
    if history:
        page.line("History:")
        for status in history:
            since = "" if status.set_at == UNKNOWN else f"{clock_time(status.set_at)}  "
            page.line(f"  {since}{said(status)}")
    elif history is None and not {"status", "history"}.intersection(kept_back):
        page.line("History: temporarily unavailable.")


def people(page: Page, records: Sequence[Record], show: Collection[str], verbose: bool) -> None:
    """A table of people: login, full name, and of `show` what there is of any of them."""
    columns = [
        ["Login", *(record.login for record in records)],
        ["Name", *(_cut(record.person.name, 24) for record in records)],
    ]
    for name, title in _TITLES.items():
        cells = [_cell(name, record, verbose) for record in records]
        if name in show and any(cells):
            columns.append([title, *cells])
    widths = [max(map(_width, column)) for column in columns]
    for row in zip(*columns, strict=True):
        page.line("  ".join(_column(cell, width) for cell, width in zip(row, widths, strict=True)))


def _cell(name: str, record: Record, verbose: bool) -> str:
    status = record.status
    if name == "status":
        words = "" if status is None or not status.text else said(status)
        return words if verbose else _cut(words, _WIDE)
    if name == "since":
        if status is None or status.set_at == UNKNOWN:
            return ""
        return f"{status.set_at.astimezone(UTC):%d %b %Y %H:%M}"
    text: str = getattr(record.person, name)
    return text


def _columns(character: str) -> int:
    """Columns on a terminal: wide characters take two, combining ones none."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _width(text: str) -> int:
    return len(text) if text.isascii() else sum(map(_columns, text))


def _column(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _cut(text: str, width: int) -> str:
    """The text, or as much of its beginning as fits in front of dots."""
    if _width(text) <= width:
        return text
    ends = accumulate(map(_columns, text))
    return text[: sum(1 for end in ends if end <= width - 3)] + "..."
