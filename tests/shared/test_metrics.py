"""What Prometheus hears, where it hears it, and what is made of that: rules, alerts and the dashboard."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from fingerpost import wire
from fingerpost.ops.metrics import SERVICES, Metrics, new_registry
from fingerpost.ops.observing import MetricsSite, observing
from fingerpost.ops.operated import MetricsConfig
from fingerpost.ops.outcomes import Outcome
from fingerpost.ops.storemetrics import StoreMetrics
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.http import HTTPChannel

ROOT = Path(__file__).parents[2]
MONITORING = ROOT / "deploy" / "monitoring"
RUNBOOK = ROOT / "docs" / "operators" / "runbook.md"


def filled() -> CollectorRegistry:
    """The registry of a process in which everything has happened once."""
    registry = new_registry()
    metrics = Metrics(registry)
    metrics.read_drops(lambda: 3)
    finger = metrics.of("finger")
    finger.request(Outcome.ANSWERED, 0.002)
    finger.refused()
    finger.called(wire.GetRecord, Outcome.NOT_FOUND)
    finger.read_connections(lambda: 4)
    finger.read_store(lambda: True)
    finger.read_replica(lambda: 17, lambda: 2.5, lambda: 1000)
    metrics.of("finger-web").read_certificate(lambda: 1_800_000_000)
    store = StoreMetrics(registry, lambda: 18)
    store.committed(0.004, 7)
    store.sources({"users": True, "guests": False})
    store.proof("token", "refused")
    return registry


class MetricsTests(SynchronousTestCase):
    """What is counted."""

    def value(self, registry: CollectorRegistry, name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"fingerpost_{name}", labels)

    def test_requests(self) -> None:
        """A request counts by service and outcome, and its time by service."""
        registry = filled()
        self.assertEqual(self.value(registry, "requests_total", service="finger", outcome="answered"), 1)
        self.assertEqual(self.value(registry, "requests_total", service="finger", outcome="refused"), 1)
        bucket = "request_duration_seconds_bucket"
        self.assertEqual(self.value(registry, bucket, service="finger", le="0.001"), 0)
        self.assertEqual(self.value(registry, bucket, service="finger", le="0.0025"), 1)
        self.assertEqual(self.value(registry, "request_duration_seconds_count", service="finger"), 1)

    def test_outcomes_that_never_happened(self) -> None:
        """Every outcome is there from the start, so that the first failure is seen as a rise."""
        registry = CollectorRegistry()
        Metrics(registry).of("finger-pb")
        for outcome in Outcome:
            found = self.value(registry, "requests_total", service="finger-pb", outcome=outcome.value)
            self.assertEqual(found, 0)

    def test_read_at_each_scrape(self) -> None:
        """What others know is read when it is asked for, and is never old."""
        registry = CollectorRegistry()
        metrics = Metrics(registry)
        known = {"revision": 1.0, "dropped": 0.0}
        metrics.read_drops(lambda: known["dropped"])
        metrics.of("finger").read_replica(lambda: known["revision"], lambda: 0, lambda: 0)
        self.assertEqual(self.value(registry, "replica_revision", service="finger"), 1)
        known.update(revision=2.0, dropped=5.0)
        self.assertEqual(self.value(registry, "replica_revision", service="finger"), 2)
        self.assertEqual(self.value(registry, "log_dropped_total"), 5)

    def test_services_in_one_process(self) -> None:
        """Several services in one process share a registry, and keep their numbers apart."""
        registry = CollectorRegistry()
        metrics = Metrics(registry)
        for number, service in enumerate(SERVICES):
            metrics.of(service).read_connections(lambda number=number: number)  # type: ignore[misc]
        found = [self.value(registry, "connections", service=service) for service in SERVICES]
        self.assertEqual(found, list(range(len(SERVICES))))

    def test_no_other_service(self) -> None:
        """A service that there is not can't get a label."""
        self.assertRaises(ValueError, Metrics(CollectorRegistry()).of, "moshez")

    def test_calls(self) -> None:
        """What is asked of the store counts by command and outcome."""
        labels = {"service": "finger", "command": "GetRecord", "outcome": "not_found"}
        self.assertEqual(self.value(filled(), "amp_calls_total", **labels), 1)

    def test_store(self) -> None:
        """The store says how far it is, how it commits, and which source fails; a source that is gone is silent."""
        registry = CollectorRegistry()
        store = StoreMetrics(registry, lambda: 18)
        store.committed(0.004, 7)
        store.sources({"users": True, "guests": False})
        self.assertEqual(self.value(registry, "store_revision"), 18)
        self.assertEqual(self.value(registry, "store_commit_duration_seconds_bucket", le="0.005"), 1)
        self.assertEqual(self.value(registry, "store_batch_size_sum"), 7)
        self.assertEqual(self.value(registry, "source_up", source="guests"), 0)
        store.sources({"users": True})
        self.assertEqual(self.value(registry, "source_up", source="users"), 1)
        self.assertIsNone(self.value(registry, "source_up", source="guests"))

    def test_process(self) -> None:
        """The process tells its versions, its memory and when it was started, and no `_created` times."""
        names = {sample.name for family in filled().collect() for sample in family.samples}
        self.assertLess({"process_resident_memory_bytes", "process_start_time_seconds", "python_info"}, names)
        self.assertEqual([name for name in names if name.endswith("_created")], [])
        (build,) = (s for f in filled().collect() for s in f.samples if s.name == "fingerpost_build_info")
        self.assertEqual(sorted(build.labels), ["python", "twisted", "version"])


class MetricsSocketTests(SynchronousTestCase):
    """The metrics socket."""

    def setUp(self) -> None:
        self.trouble: str | None = None

    def ask(self, request: bytes, registry: CollectorRegistry | None = None) -> tuple[bytes, bytes]:
        """The head and the body of the answer to a request."""
        clock: Any = Clock()
        site = MetricsSite(registry or filled(), lambda: self.trouble, clock)
        channel: Any = site.buildProtocol(IPv4Address("TCP", "127.0.0.1", 1234))
        self.assertIsInstance(channel._channel, HTTPChannel)
        transport = StringTransport()
        channel.makeConnection(transport)
        channel.dataReceived(request)
        head, _, body = transport.value().partition(b"\r\n\r\n")
        channel.connectionLost(None)
        return head, body

    def get(self, path: str, headers: str = "") -> tuple[bytes, bytes]:
        return self.ask(f"GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode())

    def test_metrics(self) -> None:
        """Prometheus gets the text format, and everything that there is in it."""
        head, body = self.get("/metrics")
        self.assertIn(b"200 OK", head)
        self.assertIn(b"text/plain; version=", head)
        names = {family.name for family in text_string_to_metric_families(body.decode())}
        self.assertLess({"fingerpost_requests", "fingerpost_build_info", "fingerpost_log_dropped"}, names)

    def test_open_metrics(self) -> None:
        """Who asks for OpenMetrics gets it."""
        head, body = self.get("/metrics", "Accept: application/openmetrics-text;version=1.0.0\r\n")
        self.assertIn(b"application/openmetrics-text", head)
        self.assertTrue(body.endswith(b"# EOF\n"))

    def test_healthy(self) -> None:
        """A service that runs says so."""
        head, body = self.get("/-/healthy")
        self.assertIn(b"200 OK", head)
        self.assertEqual(body, b"The service runs.\n")

    def test_ready(self) -> None:
        """A service that can't answer as it should says why, with a code that a load balancer understands."""
        self.assertIn(b"200 OK", self.get("/-/ready")[0])
        self.trouble = "The status store is away."
        head, body = self.get("/-/ready")
        self.assertIn(b"503 Service Unavailable", head)
        self.assertEqual(body, b"The status store is away.\n")

    def test_elsewhere(self) -> None:
        """Any other page is not there, and the answer says which are."""
        for path in ("/", "/metrics/", "/metrics/x", "/-", "/-/", "/%00", "//metrics"):
            head, body = self.get(path)
            self.assertIn(b"404 Not Found", head, path)
            self.assertIn(b"/metrics, /-/healthy, /-/ready", body)

    def test_head(self) -> None:
        """HEAD gets the head alone, and nothing is logged of it."""
        with capturedLogs() as events:
            head, body = self.ask(b"HEAD /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual(events, [])
        self.assertIn(b"content-length: 18", head.lower())
        self.assertEqual(body, b"")

    def test_other_methods(self) -> None:
        """Nothing can be sent here, and what is sent all the same is not kept."""
        data = b"x" * 200_000
        head, body = self.ask(b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" + data)
        self.assertIn(b"405 Method Not Allowed", head)
        self.assertIn(b"allow: get, head", head.lower())
        self.assertEqual(body, b"This can be read only.\n")
        site = MetricsSite(filled(), lambda: None, Clock())
        content = site.getContentFile(None)
        content.write(data)
        self.assertEqual(content.getvalue(), b"")

    def test_defect(self) -> None:
        """A defect in a metric is logged, and the one who scrapes sees a sentence and no traceback."""
        registry = CollectorRegistry()

        def broken() -> float:
            raise ZeroDivisionError

        Metrics(registry).read_drops(broken)
        head, body = self.ask(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", registry)
        self.assertIn(b"500 Internal Server Error", head)
        self.assertEqual(body, b"Something went wrong here; it has been logged.\n")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_where(self) -> None:
        """There is a metrics socket where one is configured or inherited, and none unasked."""
        reactor = MemoryReactorClock()

        def ready() -> None:
            return None

        self.assertFalse(MetricsConfig().wanted)
        config = MetricsConfig(listen=("tcp:19079:interface=127.0.0.1",))
        self.assertTrue(config.wanted)
        service = observing(reactor, config, new_registry(), ready)
        service.startService()
        self.assertEqual([(port, interface) for port, _, _, interface in reactor.tcpServers], [(19079, "127.0.0.1")])
        self.patch(os, "environ", {"LISTEN_FDNAMES": "finger:metrics"})
        self.assertTrue(MetricsConfig().wanted)
        self.assertRaises(ValueError, MetricsConfig, listen=("nonsense",))


class MonitoringTests(SynchronousTestCase):
    """The files for Prometheus and Grafana that go with the services."""

    def rules(self, name: str) -> Iterator[dict[str, Any]]:
        for group in yaml.safe_load((MONITORING / name).read_text())["groups"]:
            yield from group["rules"]

    def known(self) -> set[str]:
        """The name of everything that can be asked for."""
        names = {sample.name for family in filled().collect() for sample in family.samples}
        return names | {rule["record"] for rule in self.rules("rules.yml")} | {"up"}

    def assert_known(self, expression: str) -> None:
        bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^]]*\]', "", expression)
        used = set(re.findall(r"\b(?:fingerpost|process|python)[_:][\w:]+|\bup\b", bare))
        self.assertTrue(used, expression)
        self.assertEqual(used - self.known(), set(), expression)

    def test_rules_use_what_there_is(self) -> None:
        """Every rule and alert asks for metrics that the services have."""
        for name in ("rules.yml", "alerts.yml"):
            for rule in self.rules(name):
                self.assert_known(rule["expr"])

    def test_dashboard_uses_what_there_is(self) -> None:
        """Every panel of the dashboard asks for metrics that the services have."""
        dashboard = json.loads((MONITORING / "dashboard.json").read_text())
        expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
        self.assertGreater(len(expressions), 10)
        for expression in expressions:
            self.assert_known(expression)
        self.assertEqual(len({panel["id"] for panel in dashboard["panels"]}), len(dashboard["panels"]))

    def test_every_alert_has_a_section(self) -> None:
        """Whoever is woken by an alert finds its section in the runbook, and is told what it is about."""
        headings = re.findall(r"^## (.*)$", RUNBOOK.read_text(), re.MULTILINE)
        anchors = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-"): heading for heading in headings}
        alerts = list(self.rules("alerts.yml"))
        for alert in alerts:
            page, _, anchor = alert["annotations"]["runbook"].partition("#")
            self.assertEqual(ROOT / page, RUNBOOK)
            self.assertIn(anchor, anchors)
            section = RUNBOOK.read_text().split(f"## {anchors[anchor]}\n")[1].split("\n## ")[0]
            self.assertIn(f"`{alert['alert']}`", section)
            self.assertTrue(alert["annotations"]["summary"])
            self.assertIn(alert["labels"]["severity"], ("warning", "critical"))
        self.assertEqual(len({alert["alert"] for alert in alerts}), len(alerts))

    def test_every_alert_is_tested(self) -> None:
        """Each alert is shown to fire, and the recording rules say what they should."""
        tests = yaml.safe_load((MONITORING / "alerts_test.yml").read_text())["tests"]
        fired = {case["alertname"] for test in tests for case in test.get("alert_rule_test", []) if case["exp_alerts"]}
        self.assertEqual(fired, {alert["alert"] for alert in self.rules("alerts.yml")})

    def test_every_metric_is_explained(self) -> None:
        """Each metric of ours is on the page for operators, and none that there is not."""
        page = (ROOT / "docs" / "operators" / "metrics.md").read_text()
        shown = set(re.findall(r"^\| `(fingerpost_\w+)`", page, re.MULTILINE))
        families = {family.name: family.type for family in filled().collect() if "fingerpost_" in family.name}
        suffix = {"counter": "_total", "info": "_info"}
        self.assertEqual(shown, {name + suffix.get(kind, "") for name, kind in families.items()})
