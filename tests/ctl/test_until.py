"""Times as people write them."""

from __future__ import annotations

import contextlib
import os
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from fingerpost.errors import NotAccepted
from fingerpost.until import moment_after, moment_of, zone_named
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)  # 13:00 in Berlin
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from([
    "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "America/Havana",
    "Asia/Beirut", "UTC",
]).map(ZoneInfo)  # fmt: skip
MOMENTS = st.datetimes(datetime(2005, 1, 1), datetime(2035, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))


def utc(*parts: int) -> datetime:
    """A moment in UTC."""
    year, month, day, hour, minute, second = (*parts, 0, 0, 0)[:6]
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


class DurationTests(SynchronousTestCase):
    """`--for`."""

    def test_units(self) -> None:
        """Weeks, days, hours, minutes and seconds add up."""
        for text, wanted in {
            "2h": timedelta(hours=2),
            "90m": timedelta(minutes=90),
            "1h30m": timedelta(minutes=90),
            "1h 30m": timedelta(minutes=90),
            "3d": timedelta(days=3),
            "1w": timedelta(days=7),
            "45S": timedelta(seconds=45),
        }.items():
            self.assertEqual(moment_after(text, NOW), NOW + wanted, text)

    def test_not_understood(self) -> None:
        """What is no length of time is refused with what one looks like."""
        for text in ("", "2", "h", "2 hours ago", "-2h", "1m1h", "٢h", "0m", "999999999w", "9" * 5000 + "d"):
            with self.assertRaises(NotAccepted, msg=text) as caught:
                moment_after(text, NOW)
            self.assertTrue(str(caught.exception).startswith("for: "))

    @given(st.text(max_size=20))
    def test_any_text(self, text: str) -> None:
        """Any text is a moment ahead, or refused in a sentence."""
        for understood in (
            lambda: moment_after(text, NOW),
            lambda: moment_of(text, NOW, BERLIN),
            lambda: moment_of(text, NOW, None),
        ):
            with contextlib.suppress(NotAccepted):
                self.assertGreater(understood(), NOW)


class MomentTests(SynchronousTestCase):
    """`--until`."""

    def test_clock_time(self) -> None:
        """A clock time is the next such one where the person is: today, or else tomorrow."""
        self.assertEqual(moment_of("14:00", NOW, BERLIN), utc(2026, 11, 21, 13))
        self.assertEqual(moment_of("9:30", NOW, BERLIN), utc(2026, 11, 22, 8, 30))
        self.assertEqual(moment_of("13:00", NOW, BERLIN), utc(2026, 11, 22, 12))
        self.assertEqual(moment_of("14:00:30", NOW, BERLIN), utc(2026, 11, 21, 13, 0, 30))

    def test_day_is_that_of_the_person(self) -> None:
        """In Auckland it is tomorrow already."""
        self.assertEqual(moment_of("02:00", NOW, ZoneInfo("Pacific/Auckland")), utc(2026, 11, 21, 13))

    def test_day(self) -> None:
        """A day alone is the end of it."""
        self.assertEqual(moment_of("2026-11-21", NOW, BERLIN), utc(2026, 11, 21, 23))
        self.assertEqual(moment_of("2026-12-31", NOW, BERLIN), utc(2026, 12, 31, 23))

    def test_day_and_time(self) -> None:
        """A day and a time are in the person's zone, unless there is an offset."""
        for text in ("2026-11-22 14:00", "2026-11-22T14:00", "2026-11-22T13:00Z", "2026-11-22T18:30:00+05:30"):
            self.assertEqual(moment_of(text, NOW, BERLIN), utc(2026, 11, 22, 13), text)
        self.assertEqual(moment_of("08:00-05:00", NOW, BERLIN), utc(2026, 11, 21, 13))

    def test_put_forward(self) -> None:
        """A time that clocks leave out is taken as if they did not: 02:30 is when they show 03:30."""
        night = utc(2026, 3, 28, 23)
        self.assertEqual(moment_of("02:30", night, BERLIN), utc(2026, 3, 29, 1, 30))
        self.assertEqual(moment_of("2026-03-29 02:30", night, BERLIN), utc(2026, 3, 29, 1, 30))

    def test_put_back(self) -> None:
        """Of a time that comes twice, the first that is ahead is meant."""
        self.assertEqual(moment_of("02:30", utc(2026, 10, 24, 23), BERLIN), utc(2026, 10, 25, 0, 30))
        self.assertEqual(moment_of("02:30", utc(2026, 10, 25, 0, 45), BERLIN), utc(2026, 10, 25, 1, 30))

    def test_not_understood(self) -> None:
        """What is no time, or has passed, is refused with what is understood."""
        for text in (
            "", "noon", "25:00", "14:60", "24:00", "2026-11-20", "2026-02-30", "2026-11-21 11:00", "9999-12-31",
            "14:00+99:00", "14:00+01:99", "T14:00", "0001-01-01", "1400",
        ):  # fmt: skip
            with self.assertRaises(NotAccepted, msg=text) as caught:
                moment_of(text, NOW, BERLIN)
            self.assertTrue(str(caught.exception).startswith("until: "))

    def test_zones(self) -> None:
        """The zone of a profile is used; without one it is that of this machine, and an unknown one is said."""
        self.assertEqual(zone_named("Europe/Berlin"), BERLIN)
        self.assertRaises(NotAccepted, zone_named, "Europe/Nowhere")
        self.assertRaises(NotAccepted, zone_named, "../../etc/passwd")
        before = os.environ.get("TZ")
        self.addCleanup(time.tzset)
        self.addCleanup(lambda: os.environ.pop("TZ") if before is None else os.environ.update(TZ=before))
        os.environ["TZ"] = "America/New_York"
        time.tzset()
        self.assertIsNone(zone_named(""))
        self.assertEqual(moment_of("14:00", NOW, None), utc(2026, 11, 21, 19))
        self.assertEqual(moment_of("2026-03-08 02:30", utc(2026, 3, 1), None), utc(2026, 3, 8, 7, 30))

    @given(MOMENTS, st.times(), ZONES)
    def test_next_such_time(self, now: datetime, clock: object, zone: ZoneInfo) -> None:
        """A clock time is ahead by two days at most, and the clock shows it then unless it was left out that day."""
        text = f"{clock:%H:%M}"
        moment = moment_of(text, now, zone)
        self.assertTrue(now < moment < now + timedelta(days=3))
        wall = moment.astimezone(zone)
        if f"{wall:%H:%M}" != text:
            offset = zone.utcoffset((moment - timedelta(hours=24)).astimezone(zone))
            self.assertNotEqual(offset, wall.utcoffset())

    @given(MOMENTS, ZONES)
    def test_end_of_day(self, now: datetime, zone: ZoneInfo) -> None:
        """The end of a day is the first moment of another one."""
        today = now.astimezone(zone).date()
        moment = moment_of(str(today), now, zone)
        self.assertGreater(moment.astimezone(zone).date(), today)
        self.assertLessEqual((moment - timedelta(seconds=1)).astimezone(zone).date(), today)
