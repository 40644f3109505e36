"""The metrics sockets, and Debian's Prometheus, which scrapes them with the configuration and rules that come along."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.system.machine import Machine

pytestmark = pytest.mark.system

PORTS = {"finger": 19079, "finger-setter": 19179, "finger-web": 19080, "finger-pb": 19088, "finger-store": 19070}
BOT = 19066

# The configuration that is shipped, with the bot, and looked at more often.
PROMETHEUS = r"""
DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends prometheus
cd /etc/prometheus
sed 's/# - \(127.0.0.1:19066\)/- \1/; s/15s/1s/' /usr/share/fingerpost/monitoring/prometheus.yml >prometheus.yml
promtool check config prometheus.yml
systemctl restart prometheus
"""


def scraped(machine: Machine, port: int) -> str:
    """What a service says of itself, or why it doesn't."""
    return machine.sh(f"curl -sSm 20 http://127.0.0.1:{port}/metrics", check=False)


def asked(machine: Machine, path: str) -> Any:
    """What Prometheus' interface answers."""
    return json.loads(machine.sh(f"curl -sSm 20 'http://127.0.0.1:9090/api/v1/{path}'"))["data"]


def counted(machine: Machine, service: str) -> float:
    """How many answered requests of a service Prometheus knows of."""
    query = f'query?query=fingerpost_requests_total{{service="{service}",outcome="answered"}}'
    found = asked(machine, query.replace("{", "%7B").replace("}", "%7D").replace('"', "%22"))["result"]
    return float(found[0]["value"][1]) if found else 0.0


@pytest.mark.parametrize("service", PORTS)
def test_a_scrape_starts_the_service(machine: Machine, service: str) -> None:
    """Each service's metrics are there from the start: a scrape wakes it, and only from this machine."""
    assert machine.state(f"{service}-metrics.socket") == "active"
    assert "fingerpost_build_info" in scraped(machine, PORTS[service])
    assert machine.state(f"{service}.service") == "active"
    assert f"127.0.0.1:{PORTS[service]} " in machine.shown(f"{service}-metrics.socket", "Listen")


@pytest.mark.parametrize("start", ["finger.socket", "finger.service", "fingerpost.target"])
def test_both_sockets_however_it_is_started(machine: Machine, start: str) -> None:
    """A service has its own socket and that of its metrics, whichever unit is started; both are closed with its own."""
    machine.run("systemctl", "stop", "finger.socket")
    assert "refused" in machine.run("finger", "moshez@localhost", check=False).lower()
    assert "Failed to connect" in scraped(machine, PORTS["finger"])
    assert machine.state("finger.service") == "inactive"
    machine.run("systemctl", "start", start)
    assert "Happy and well" in machine.run("finger", "moshez@localhost")
    assert 'fingerpost_requests_total{outcome="answered",service="finger"} 1.0' in scraped(machine, PORTS["finger"])


def test_restart(machine: Machine) -> None:
    """A restarted service has both sockets again."""
    machine.run("systemctl", "restart", "finger.service")
    assert "Happy and well" in machine.run("finger", "moshez@localhost")
    assert "fingerpost_build_info" in scraped(machine, PORTS["finger"])


def test_no_scrape_starts_the_bot(machine: Machine) -> None:
    """The bot, which is started by nobody who connects, isn't started by a scrape either: its metrics come with it."""
    assert "Failed to connect" in scraped(machine, BOT)
    machine.run("systemctl", "start", "finger-irc")
    assert "fingerpost_build_info" in scraped(machine, BOT)
    machine.run("systemctl", "stop", "finger-irc")
    assert "Failed to connect" in scraped(machine, BOT)


def test_prometheus(machine: Machine) -> None:
    """Debian's Prometheus finds every service up, counts questions, and evaluates all rules and alerts."""
    machine.run("systemctl", "enable", "--now", "finger-irc")
    machine.sh(PROMETHEUS, seconds=180)
    ready = "curl -sS 'http://127.0.0.1:9090/api/v1/query?query=sum(up%7Bjob=%22fingerpost%22%7D)'"
    machine.until(ready, f'"{len(PORTS) + 1}"]', 60)
    targets = asked(machine, "targets")["activeTargets"]
    assert {target["scrapeUrl"] for target in targets if target["health"] == "up"} == {
        f"http://127.0.0.1:{port}/metrics" for port in (*PORTS.values(), BOT)
    }
    before = counted(machine, "finger")
    for _ in range(5):
        machine.run("finger", "moshez@localhost")
    machine.until("sleep 1.5; echo done", "done")
    assert counted(machine, "finger") == before + 5
    rules = [rule for group in asked(machine, "rules")["groups"] for rule in group["rules"]]
    assert "FingerpostTargetDown" in {rule["name"] for rule in rules}
    assert [rule["lastError"] for rule in rules if rule["health"] == "err"] == []
    assert [alert["labels"] for alert in asked(machine, "alerts")["alerts"]] == []
