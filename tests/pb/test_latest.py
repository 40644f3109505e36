"""The order that both ends of a live list keep."""

from __future__ import annotations

from fingerpost_pb.latest import Entry, Latest
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

entries = st.builds(
    Entry, st.sampled_from("abcdefgh"), st.sampled_from("xy"), st.just(""), st.just("free"), st.sampled_from("12345")
)


class LatestTests(SynchronousTestCase):
    """A list of the latest."""

    def entry(self, login: str, set_at: str) -> Entry:
        return Entry(login, "text", "", "free", set_at)

    def test_order(self) -> None:
        """The latest come first, and of one moment the login that sorts last, as in the store's list."""
        latest = Latest(5, [self.entry("a", "2"), self.entry("b", "3"), self.entry("c", "1"), self.entry("d", "2")])
        self.assertEqual([entry.login for entry in latest], ["b", "d", "a", "c"])
        self.assertEqual(latest.oldest(), self.entry("c", "1"))

    def test_an_older_status_moves_down(self) -> None:
        """When a status ends and the one before it shows again, the entry goes back to where that one stood."""
        latest = Latest(5, [self.entry("a", "3"), self.entry("b", "2")])
        latest.put(self.entry("a", "1"))
        self.assertEqual([entry.login for entry in latest], ["b", "a"])

    def test_nobody(self) -> None:
        """An empty list has no oldest, and nobody can be removed from it."""
        self.assertIsNone(Latest(1).oldest())
        self.assertFalse(Latest(1).remove("a"))

    @given(st.lists(entries, max_size=30), st.integers(1, 5))
    def test_limit(self, given: list[Entry], limit: int) -> None:
        """Whatever is put in, the list is sorted, has a login once, keeps its limit, and says who fell out."""
        latest, known = Latest(limit), {}
        for entry in given:
            known[entry.login] = entry
            fell = latest.put(entry)
            if fell is not None:
                del known[fell.login]
                assert all(fell.place < other.place for other in latest)
            assert list(latest) == sorted(known.values(), key=lambda each: each.place, reverse=True)
            assert len(latest) <= limit
            assert {login for login in "abcdefgh" if login in latest} == set(known)
