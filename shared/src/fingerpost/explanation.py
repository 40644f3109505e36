"""What somebody is shown of a person, field by field, and who decided that: for the person, and the administrator."""

from __future__ import annotations

from attrs import frozen

from fingerpost.disclosure import FIELDS, Site, Visibility
from fingerpost.fields import shown
from fingerpost.model import Audience, Record

__all__ = ["Explained", "Explanation", "explanation"]


@frozen
class Explained:
    """Whether one field is shown to an asker, its value ("" where there is none), and who says so.

    The history is shown to whoever is shown the status, too: it is made of past ones.

    `said_by` is "site" or "person". Times are ISO 8601 in UTC, as `fields.shown` has them.
    """

    field: str
    audience: Audience
    said_by: str
    shown: bool
    value: str = ""


@frozen
class Explanation:
    """What somebody who asks as `asker` is shown of a person: nothing at all where the person is hidden."""

    login: str
    name: str
    asker: Audience
    hidden: bool
    fields: tuple[Explained, ...]


def explanation(record: Record, said: Visibility, site: Site, asker: Audience) -> Explanation:
    """See `Explanation`; `record` is all that is known of the person."""
    values = shown(record)
    kept_back = said.keeps_back(site, asker)

    def explained(name: str) -> Explained:
        is_shown = not (said.hidden or name in kept_back or (name == "history" and "status" in kept_back))
        said_by = "person" if name in said.audiences else "site"
        return Explained(name, said.audience(name, site), said_by, is_shown, _text(values.get(name, "")))

    return Explanation(record.login, record.person.name, asker, said.hidden, tuple(map(explained, FIELDS)))


def _text(value: object) -> str:
    return " ".join(link["href"] for link in value) if isinstance(value, list) else str(value)
