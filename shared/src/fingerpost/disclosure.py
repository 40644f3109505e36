"""Who may see which field of a record (RFC 1288 §3.2.3): what a site says, and what is left of a record by it.

The store decides, for every protocol: what nobody may be shown never reaches a frontend. A frontend only has to know
from where it is asked, and calls `seen`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from attrs import evolve, field, frozen

from fingerpost.errors import NotAccepted
from fingerpost.model import Audience, Record, Status
from fingerpost.ops.limits import normal_address

__all__ = [
    "FIELDS",
    "UNKNOWN",
    "Site",
    "Visibility",
    "check_audiences",
    "disclosed",
    "disclosed_status",
    "past_status",
    "public",
    "seen",
    "without_status",
]

# In the order in which they are shown. The login, the aliases and the full name always are: §2.5.2 demands the name.
FIELDS = (
    "status", "since", "via", "office", "office_phone", "home_phone", "email", "homepage",
    "timezone", "links", "project", "plan", "pubkey", "history",
)  # fmt: skip
UNKNOWN = datetime(1970, 1, 1, tzinfo=UTC)  # the `set_at` of a status whose time is kept back

_OF_STATUS = frozenset({"status", "since", "via"})
_HISTORY = frozenset({"status", "history"})
_USUAL = {"home_phone": Audience.NOBODY}


def _networks(site: object, attribute: object, value: Sequence[str]) -> None:
    for text in value:
        try:
            ip_network(text)
        except ValueError:
            raise ValueError(f"'{text}' is no network such as 192.0.2.0/24 or 2001:db8::/32") from None


def _known(site: object, attribute: object, value: Mapping[str, Audience]) -> None:
    wrong = [name for name in value if name not in FIELDS]
    if wrong:
        raise ValueError(f"'{wrong[0]}' is none of the fields {', '.join(FIELDS)}")


@frozen(kw_only=True, slots=False)
class Site:
    """What a site discloses of everybody who did not say otherwise.

    `local` are the networks whose askers count as `Audience.LOCAL`, `default` is the audience of every field not named
    in `fields`; a home phone number is for nobody unless it is named there.
    """

    local: tuple[str, ...] = field(default=("127.0.0.0/8", "::1/128"), validator=_networks)
    default: Audience = Audience.WORLD
    fields: Mapping[str, Audience] = field(factory=dict, validator=_known, hash=False)

    @cached_property
    def audiences(self) -> Mapping[str, Audience]:
        """The audience of every field."""
        return {name: self.fields.get(name, _USUAL.get(name, self.default)) for name in FIELDS}

    @cached_property
    def _kept_back(self) -> Mapping[Audience, frozenset[str]]:
        return {asker: _not_for(asker, self.audiences) for asker in Audience}

    def keeps_back(self, asker: Audience) -> frozenset[str]:
        """The fields that are usually not shown to an asker; somebody may have said otherwise of their own."""
        return self._kept_back[asker]

    def shows(self, name: str, asker: Audience) -> bool:
        """Whether a field is usually shown to an asker."""
        return name not in self.keeps_back(asker)

    def asker(self, host: str) -> Audience:
        """As whom somebody asks from an address; "" is a process on this machine."""
        return _asker(self.local, host)


@lru_cache(10_000)
def _asker(local: tuple[str, ...], host: str) -> Audience:
    if not host:
        return Audience.LOCAL
    address = normal_address(host)
    known = address is not None and any(address in network for network in _parsed(local))
    return Audience.LOCAL if known else Audience.WORLD


@lru_cache(10)
def _parsed(local: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(map(ip_network, local))


def _not_for(asker: Audience, audiences: Mapping[str, Audience]) -> frozenset[str]:
    return frozenset(name for name, audience in audiences.items() if not audience.includes(asker))


@frozen
class Visibility:
    """What a person says of who may see what: `hidden` is everything from everybody."""

    hidden: bool = False
    audiences: Mapping[str, Audience] = field(factory=dict, hash=False)

    def audience(self, name: str, site: Site) -> Audience:
        """Who may see a field."""
        return self.audiences.get(name, site.audiences[name])

    def keeps_back(self, site: Site, asker: Audience) -> frozenset[str]:
        """The fields that are not shown to an asker."""
        return _not_for(asker, {**site.audiences, **self.audiences}) if self.audiences else site.keeps_back(asker)

    def changed(self, hidden: bool | None, audiences: Mapping[str, Audience | None]) -> Visibility:
        """With another `hidden`, unless that is None, and other audiences; an audience of None is the site's."""
        now = {name: audience for name, audience in {**self.audiences, **audiences}.items() if audience is not None}
        return Visibility(self.hidden if hidden is None else hidden, now)


def public(record: Record, said: Visibility, site: Site) -> Record | None:
    """A record as frontends have it: what is for members or nobody is not in it, and who is hidden has none."""
    if said.hidden:
        return None
    kept_back = said.keeps_back(site, Audience.LOCAL)
    rest = without(record, kept_back)
    only_local = said.keeps_back(site, Audience.WORLD) - kept_back
    local = tuple(name for name in FIELDS if name in only_local and _may_have(rest, name)) if only_local else ()
    return evolve(rest, local=local) if local else rest


def disclosed(record: Record, said: Visibility, site: Site, asker: Audience) -> Record | None:
    """What somebody who asks as `asker` may see of a record; None where the person is hidden."""
    if said.hidden:
        return None
    return without(record, said.keeps_back(site, asker))


def seen(record: Record, asker: Audience) -> Record:
    """What an asker may see of a record that a frontend has."""
    return without(record, record.local) if asker is Audience.WORLD and record.local else record


def disclosed_status(status: Status, said: Visibility, site: Site, asker: Audience) -> Status | None:
    """What somebody who asks as `asker` may see of a past status; None where that is nothing."""
    return None if said.hidden else past_status(status, said.keeps_back(site, asker))


def past_status(status: Status, kept_back: Collection[str]) -> Status | None:
    """A past status without some fields; None where its words, or the history, are kept back."""
    return without_status(status, kept_back) if _HISTORY.isdisjoint(kept_back) else None


def check_audiences(audiences: Mapping[str, str | None]) -> dict[str, Audience | None]:
    """Fields and audiences as somebody gave them; raises `NotAccepted`."""
    for name, audience in audiences.items():
        if name not in FIELDS:
            raise NotAccepted(f"{name}: this is none of the fields {', '.join(FIELDS)}")
        if audience is not None and audience not in list(Audience):
            raise NotAccepted(f"{name}: '{audience}' is none of the audiences {', '.join(Audience)}")
    return {name: None if audience is None else Audience(audience) for name, audience in audiences.items()}


def without(record: Record, names: Collection[str]) -> Record:
    """The record without some of its fields."""
    if not names:
        return record
    blank: dict[str, Any] = {
        name: () if name == "links" else ""
        for name in names
        if name not in _OF_STATUS and name != "history" and getattr(record.person, name)
    }
    status = record.status and without_status(record.status, names)
    if not (blank or record.local) and status is record.status:
        return record
    person = evolve(record.person, **blank) if blank else record.person
    return Record(person, status, tuple(name for name in record.local if name not in names))


def without_status(status: Status, names: Collection[str]) -> Status | None:
    """A status without its words, its time or its origin; None where nothing is left of it."""
    if _OF_STATUS.isdisjoint(names):
        return status
    set_at, via = UNKNOWN if "since" in names else status.set_at, "" if "via" in names else status.via
    if status.text and "status" not in names:
        return evolve(status, set_at=set_at, via=via)
    return Status("", set_at, via) if via or set_at != UNKNOWN else None


def _may_have(record: Record, name: str) -> bool:
    """Whether there is something to keep back: of whoever has no status now, there may be past ones."""
    return name in _OF_STATUS or name == "history" or bool(getattr(record.person, name))
