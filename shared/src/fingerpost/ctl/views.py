"""How people, statuses and what is known of them are put."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from fingerpost.ctl.rendering import Plain, Table, View, local, plain_status
from fingerpost.ctl.results import Done
from fingerpost.explanation import Explanation
from fingerpost.fields import shown
from fingerpost.model import Record, Status
from fingerpost.phrases import said

__all__ = ["DoneView", "ExplanationView", "PeopleView", "RecordView", "StatusView", "StatusesView"]

_LABELS = {
    "office": "Office",
    "office_phone": "Office phone",
    "home_phone": "Home phone",
    "email": "Email",
    "homepage": "Home page",
    "timezone": "Time zone",
    "project": "Project",
    "plan": "Plan",
    "pubkey": "Public key",
}


class StatusView(View[Record]):
    """A person's status as it now is, in a line."""

    def lines(self, result: Record) -> Iterator[str]:
        """See `View`."""
        status = result.status
        if status is None or not status.text:
            yield f"{result.login} has no status"
            return
        until = f", until {local(status.expires_at)}" if status.expires_at is not None else ""
        yield f"{result.login}: {said(status)}{until}"

    def plain(self, result: Record) -> Iterator[Plain]:
        """See `View`."""
        yield shown(result)


class RecordView(StatusView):
    """A person with everything that is shown of them."""

    def lines(self, result: Record) -> Iterator[str]:
        """See `View`."""
        yield from super().lines(result)
        person, status = result.person, result.status
        if status is not None:
            set_at = " ".join(part for part in (local(status.set_at), status.via and f"by {status.via}") if part)
            yield from _labelled("Set", set_at)
        yield from _labelled("Name", person.full_name)
        yield from _labelled("Aliases", ", ".join(person.aliases))
        for name, label in _LABELS.items():
            yield from _labelled(label, getattr(person, name))
        for link in person.links:
            yield from _labelled("Link", f"{link.href} ({link.rel})")


def _labelled(label: str, value: str) -> Iterator[str]:
    if "\n" in value:
        yield f"  {label}:"
        yield from (f"    {line}" for line in value.split("\n"))
    elif value:
        yield f"  {label + ':':<14}{value}"


class PeopleView(View[Sequence[Record]]):
    """People with their statuses, page by page."""

    def __init__(self) -> None:
        self._table = Table("LOGIN", "SINCE", "STATUS")

    def lines(self, result: Sequence[Record]) -> Iterable[str]:
        """See `View`."""
        return self._table.lines(
            (record.login, *((local(record.status.set_at), said(record.status)) if record.status else ("", "")))
            for record in result
        )

    def plain(self, result: Sequence[Record]) -> Iterable[Plain]:
        """See `View`."""
        return map(shown, result)


class StatusesView(View[Sequence[Status]]):
    """What somebody said, the latest first."""

    def __init__(self) -> None:
        self._table = Table("SET", "BY", "STATUS")

    def lines(self, result: Sequence[Status]) -> Iterable[str]:
        """See `View`."""
        return self._table.lines((local(status.set_at), status.via, said(status)) for status in result)

    def plain(self, result: Sequence[Status]) -> Iterable[Plain]:
        """See `View`."""
        return map(plain_status, result)


class ExplanationView(View[Explanation]):
    """What somebody else is shown of a person, and why."""

    def lines(self, result: Explanation) -> Iterator[str]:
        """See `View`."""
        if result.hidden:
            yield f"{result.login} is hidden: whoever asks as '{result.asker}' is told that there is no such user"
        else:
            yield f"Whoever asks as '{result.asker}' is shown of {result.login} ({result.name}):"
        rows = (
            (f"  {one.field}", "yes" if one.shown else "no", one.audience.value, one.said_by, _in_a_line(one.value))
            for one in result.fields
        )
        yield from Table("  FIELD", "SHOWN", "AUDIENCE", "SAID BY", "VALUE").lines(rows)

    def plain(self, result: Explanation) -> Iterator[Plain]:
        """See `View`."""
        fields = [
            {
                "field": one.field,
                "shown": one.shown,
                "audience": one.audience.value,
                "said_by": one.said_by,
                "value": one.value,
            }
            for one in result.fields
        ]
        yield {
            "login": result.login,
            "name": result.name,
            "asker": result.asker.value,
            "hidden": result.hidden,
            "fields": fields,
        }


def _in_a_line(text: str) -> str:
    line = text.replace("\n", " ")
    return line if len(line) <= 60 else f"{line[:59]}…"


class DoneView(View[Done]):
    """A change that was made."""

    def lines(self, result: Done) -> Iterator[str]:
        """See `View`."""
        yield result.sentence

    def plain(self, result: Done) -> Iterator[Plain]:
        """See `View`."""
        yield result.plain
