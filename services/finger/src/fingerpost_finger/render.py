"""Answers as bytes: lines that end in CRLF (RFC 1288 §2.2), in UTF-8 or ASCII, and never a control character."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC
from itertools import accumulate

from fingerpost.model import Person, Record, Status
from fingerpost.phrases import clock_time, said
from fingerpost.text import without_controls

from fingerpost_finger.policy import Policy

__all__ = ["Page", "people", "person", "sentence"]

_WIDE = 30  # columns of a status in a list

_LABELS = {
    "office": "Office",
    "office_phone": "Office phone",
    "home_phone": "Home phone",
    "email": "Email",
    "homepage": "Homepage",
    "timezone": "Time zone",
}


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


def person(page: Page, record: Record, policy: Policy, verbose: bool, history: Sequence[Status] | None) -> None:
    """All that may be shown of one person; `history` is None where it is not to be had now."""
    who = record.person
    page.line(f"{_column(f'Login: {who.login}', 39)} Name: {who.name}")
    _status(page, record.status, policy)
    for name, label in _LABELS.items():
        if policy.shows(name) and getattr(who, name):
            page.line(f"{label}: {getattr(who, name)}")
    if policy.shows("links"):
        for link in who.links:
            page.line(f"Link: {link.href}")
    if verbose:
        _verbose(page, who, policy, history)


def _status(page: Page, status: Status | None, policy: Policy) -> None:
    if policy.shows("status"):
        page.line("No status." if status is None else f"Status: {said(status)}")
    if status is None:
        return
    about = []
    if policy.shows("since"):
        about.append(f"since {clock_time(status.set_at)}")
    if status.expires_at is not None and policy.shows("status"):
        about.append(f"until {clock_time(status.expires_at)}")
    if policy.shows("via"):
        about.append(f"via {status.via}")
    if about:
        page.line(f"  {', '.join(about)}" if policy.shows("status") else f"Status set: {', '.join(about)}")


def _verbose(page: Page, who: Person, policy: Policy, history: Sequence[Status] | None) -> None:
    if policy.shows("project") and who.project:
        page.line(f"Project: {who.project}")
    if policy.shows("plan"):
        if who.plan:
            page.line("Plan:")
            page.block(who.plan)
        else:
            page.line("No Plan.")
    if policy.shows("pubkey") and who.pubkey:
        page.line("Public key:")
        page.block(who.pubkey)
    if policy.shows("history") and policy.shows("status"):
        if history is None:
            page.line("History: temporarily unavailable.")
        elif history:
            page.line("History:")
            for status in history:
                since = f"{clock_time(status.set_at)}  " if policy.shows("since") else ""
                page.line(f"  {since}{said(status)}")


def people(page: Page, records: Iterable[Record], policy: Policy, verbose: bool) -> None:
    """A table of people: login, full name, and what else may be listed."""
    rows = [_row(record, policy, verbose) for record in records]
    head = ["Login", "Name"]
    head += [title for name, title in (("status", "Status"), ("since", "Since (UTC)")) if policy.lists(name)]
    head += [title for name, title in (("office", "Office"), ("office_phone", "Phone")) if policy.lists(name)]
    widths = [max(map(_width, column)) for column in zip(head, *rows, strict=True)]
    for row in [head, *rows]:
        page.line("  ".join(_column(cell, width) for cell, width in zip(row, widths, strict=True)))


def _row(record: Record, policy: Policy, verbose: bool) -> list[str]:
    status = record.status
    row = [record.login, _cut(record.person.name, 24)]
    if policy.lists("status"):
        words = "" if status is None else said(status)
        row.append(words if verbose else _cut(words, _WIDE))
    if policy.lists("since"):
        row.append("" if status is None else f"{status.set_at.astimezone(UTC):%d %b %Y %H:%M}")
    row += [getattr(record.person, name) for name in ("office", "office_phone") if policy.lists(name)]
    return row


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
