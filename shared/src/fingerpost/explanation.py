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
    values = shown(record, FIELDS)

    def explained(name: str) -> Explained:
        audience = said.audience(name, site)
        is_shown = not said.hidden and audience.includes(asker)
        return Explained(
            name, audience, "person" if name in said.audiences else "site", is_shown, _text(values.get(name, ""))
        )

    return Explanation(record.login, record.person.name, asker, said.hidden, tuple(map(explained, FIELDS)))


def _text(value: object) -> str:
    return " ".join(link["href"] for link in value) if isinstance(value, list) else str(value)
