"""Until when a status holds, as people write it: `2h`, `14:00`, `2026-11-22`, `2026-11-22T14:00+01:00`.

A clock time is the next one that the person's clock shows. Where clocks are put forward past it, it is taken as if they
were not (02:30 is then shown as 03:30); where it comes twice, the first that is still ahead is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fingerpost.errors import NotAccepted

__all__ = ["moment_after", "moment_of", "zone_named"]

_DURATION = re.compile(
    r"(?:(?P<weeks>\d+)w)? ?(?:(?P<days>\d+)d)? ?(?:(?P<hours>\d+)h)? ?(?:(?P<minutes>\d+)m)? ?(?:(?P<seconds>\d+)s)?",
    re.ASCII | re.IGNORECASE,
)
_MOMENT = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)?(?:(?(date)[T ])(?P<time>\d\d?:\d\d(?::\d\d)?)(?P<offset>Z|[+-]\d\d:\d\d)?)?",
    re.ASCII,
)
_DURATIONS = "say how long with units, such as 90m, 2h, 1h30m or 3d"
_MOMENTS = "say a time such as 14:00, a day such as 2026-11-22, or both; an offset may follow, as in 14:00+01:00"


def moment_after(text: str, now: datetime, field: str = "for") -> datetime:
    """The moment, in UTC, that comes so long after `now`; raises `NotAccepted`, which names the field."""
    found = _DURATION.fullmatch(text.strip())
    given = {unit: int(number[:9]) for unit, number in found.groupdict().items() if number} if found else {}
    if not given:
        raise NotAccepted(f"{field}: '{text:.40}' is no length of time; {_DURATIONS}")
    try:
        moment = now.astimezone(UTC) + timedelta(**given)
    except OverflowError:
        raise NotAccepted(f"{field}: '{text:.40}' is longer than any calendar") from None
    return _ahead(field, text, [moment], now)


def moment_of(text: str, now: datetime, zone: tzinfo | None, field: str = "until") -> datetime:
    """The moment, in UTC, that somebody in a time zone (None: that of this machine) means.

    A day alone is the end of that day. Raises `NotAccepted`, which names the field.
    """
    found = _MOMENT.fullmatch(text.strip())
    if found is None or not found[0]:
        raise NotAccepted(f"{field}: '{text:.40}' is no time; {_MOMENTS}")
    try:
        return _ahead(field, text, _meant(found, now, zone), now)
    except (ValueError, OverflowError, OSError) as error:
        raise NotAccepted(f"{field}: '{text:.40}' is in no calendar ({error}); {_MOMENTS}") from None


def zone_named(name: str) -> tzinfo | None:
    """The time zone of a profile; None, which is this machine's, where it gives none. Raises `NotAccepted`."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise NotAccepted(f"until: this machine does not know the time zone '{name:.64}'; add an offset") from None


def _meant(found: re.Match[str], now: datetime, zone: tzinfo | None) -> Iterator[datetime]:
    if found["time"] is None:
        day = date.fromisoformat(found["date"]) + timedelta(days=1)
        yield from _instants(datetime.combine(day, time()), zone)
        return
    clock = time.fromisoformat(found["time"].zfill(5) if found["time"].count(":") == 1 else found["time"].zfill(8))
    if found["offset"]:
        zone = _offset(found["offset"])
    if found["date"]:
        yield from _instants(datetime.combine(date.fromisoformat(found["date"]), clock), zone)
        return
    today = now.astimezone(zone).date()
    for days in range(3):  # a zone that crosses the date line leaves out a whole day
        yield from _instants(datetime.combine(today + timedelta(days=days), clock), zone)


def _instants(wall: datetime, zone: tzinfo | None) -> Iterator[datetime]:
    """The moments at which a clock on the wall shows a time: one, or two where it is put back."""
    # By way of `timestamp`, because `astimezone` is an hour off where this machine's own clock is put forward.
    stamps = (wall.replace(tzinfo=zone, fold=fold).timestamp() for fold in (0, 1))
    first, second = (datetime.fromtimestamp(stamp, UTC) for stamp in stamps)
    yield first
    if second > first:  # where clocks are put forward, it is the other way round
        yield second


def _offset(text: str) -> tzinfo:
    if text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[4:])
    if minutes > 59:
        raise ValueError("an hour has 60 minutes")
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)


def _ahead(field: str, text: str, moments: Iterator[datetime] | list[datetime], now: datetime) -> datetime:
    for moment in moments:
        if moment > now:
            return moment
    raise NotAccepted(f"{field}: '{text:.40}' has already passed")
