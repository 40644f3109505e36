"""How much one address may ask."""

from __future__ import annotations

from ipaddress import ip_address

from fingerpost.ops.limits import Admission, Limits, normal_address, rate_key
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase


class AddressTests(SynchronousTestCase):
    """Who is limited together."""

    def test_mapped(self) -> None:
        """An IPv4 client of an IPv6 socket is the same as one of an IPv4 socket."""
        self.assertEqual(normal_address("::ffff:192.0.2.1"), ip_address("192.0.2.1"))
        self.assertEqual(normal_address("fe80::1%eth0"), ip_address("fe80::1"))
        self.assertIsNone(normal_address("/run/set.sock"))

    def test_networks(self) -> None:
        """An IPv6 subscriber's addresses count as one, another's do not."""
        key = rate_key(ip_address("2001:db8::1"))
        self.assertEqual(key, rate_key(ip_address("2001:db8::ffff")))
        self.assertNotEqual(key, rate_key(ip_address("2001:db8:0:1::1")))


class AdmissionTests(SynchronousTestCase):
    """Who is let in."""

    def setUp(self) -> None:
        self.clock = Clock()

    def admission(self, **limits: float) -> Admission:
        return Admission(Limits(**{"rate": 0, "burst": 0, "per_address": 0, "total": 0} | limits), self.clock)  # type: ignore[arg-type]

    def test_rate(self) -> None:
        """After a burst an address waits for its tokens, and others do not."""
        admission = self.admission(rate=2, burst=3)
        self.assertEqual([admission.enter("a") is None for _ in range(4)], [True, True, True, False])
        self.assertIsNone(admission.enter("b"))
        self.clock.advance(0.5)
        self.assertEqual([admission.enter("a") is None for _ in range(2)], [True, False])

    def test_connections(self) -> None:
        """An address has only so many connections open, and gets another when one ends."""
        admission = self.admission(per_address=2)
        self.assertEqual([admission.enter("a") is None for _ in range(3)], [True, True, False])
        admission.leave("a")
        self.assertIsNone(admission.enter("a"))

    def test_total(self) -> None:
        """All together have only so many connections open, those without an address among them."""
        admission = self.admission(total=2)
        self.assertEqual([admission.enter(key) is None for key in ("a", None, "b")], [True, True, False])
        admission.leave(None)
        self.assertIsNone(admission.enter("b"))

    def test_no_limit(self) -> None:
        """0 stands for no limit."""
        admission = self.admission()
        self.assertEqual({admission.enter("a") for _ in range(1000)}, {None})
        self.assertIsNone(self.admission(rate=1).enter("a"))

    def test_memory_is_bounded(self) -> None:
        """Somebody with endless addresses fills only so much memory."""
        admission = self.admission(rate=1, burst=1)
        for number in range(25_000):
            admission.leave(f"a{number}") if admission.enter(f"a{number}") is None else None
        self.assertLess(len(admission._buckets._buckets), 10_001)
        self.assertEqual(admission._open, {})

    @given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans())))
    def test_counts_return_to_nothing(self, steps: list[tuple[str, bool]]) -> None:
        """Whatever comes and goes, nothing is left counted when all have gone."""
        admission = self.admission(per_address=2, total=4)
        inside: list[str] = []
        for key, comes in steps:
            if comes and admission.enter(key) is None:
                inside.append(key)
            elif not comes and key in inside:
                inside.remove(key)
                admission.leave(key)
        for key in inside:
            admission.leave(key)
        assert admission.total == 0
        assert admission._open == {}
