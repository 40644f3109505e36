"""The list of latest statuses in memory, however long and however often it changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fingerpost.directory import Directory
from fingerpost.model import Change, Person, Record, Status
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

START = datetime(2026, 1, 1, tzinfo=UTC)


def change(revision: int, login: str, second: int | None) -> Change:
    """Somebody set a status at a second, or has none."""
    status = None if second is None else Status("here", START + timedelta(seconds=second), "test")
    return Change(revision, login, Record(Person(login), status))


class LatestTests(SynchronousTestCase):
    """Pages of the latest."""

    def walked(self, directory: Directory, limit: int) -> list[str]:
        """Everybody, page by page."""
        found, after = [], ""
        while True:
            page = directory.latest_page(after, limit)
            found += [record.login for record in page.records]
            after = page.next
            if not after:
                return found

    @given(
        st.lists(st.tuples(st.sampled_from("abcdef"), st.none() | st.integers(0, 9), st.booleans()), max_size=40),
        st.integers(1, 4),
    )
    def test_any_changes(self, changes: list[tuple[str, int | None, bool]], limit: int) -> None:
        """Whatever changes come, before and between looks, the pages are everybody with a status, the latest first."""
        directory = Directory()
        known: dict[str, int] = {}
        for revision, (login, second, gone) in enumerate(changes, start=1):
            if gone:
                directory.apply(Change(revision, login, None))
                known.pop(login, None)
            else:
                directory.apply(change(revision, login, second))
                known.pop(login, None)
                if second is not None:
                    known[login] = second
            if revision % 3 == 0:
                self.walked(directory, limit)
        expected = sorted(known, key=lambda login: (known[login], login), reverse=True)
        self.assertEqual(self.walked(directory, limit), expected)
