"""The log in a real journal, and the monitoring files and metrics in Prometheus' own tool."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from fingerpost.ops.events import Event
from prometheus_client import generate_latest
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.integration.processes import BIN, ENVIRONMENT, ServicesTestCase, program
from tests.shared.test_journal import CATALOG
from tests.shared.test_metrics import MONITORING, filled

pytestmark = pytest.mark.integration

JOURNALD = Path("/usr/lib/systemd/systemd-journald")

# A journal and a catalog that nobody else sees: the folders are this script's own, and go with it.
SCRIPT = """
set -e
for folder in /run /usr/lib/systemd/catalog /var/lib/systemd/catalog; do
    mkdir -p $folder
    mount -t tmpfs tmpfs $folder
done
mkdir -p /run/systemd/journal /run/log/journal
cp "$CATALOG" /usr/lib/systemd/catalog/
journalctl --update-catalog
"$JOURNALD" 2>/dev/null &
trap 'kill $!; wait $!' EXIT
until [ -S /run/systemd/journal/socket ]; do sleep 0.02; done
systemd-cat sh -c 'JOURNAL_STREAM=$(stat -Lc %d:%i /proc/self/fd/2) exec "$PYTHON" "$PROGRAM"'
systemd-cat sh -c 'JOURNAL_STREAM=$(stat -Lc %d:%i /proc/self/fd/2) exec timeout -s TERM 2 "$PYTHON" "$TWISTD" \\
    --nodaemon --pidfile= --logger=fingerpost.ops.journal.observer finger-store --config "$CONFIG"' || true
journal() { journalctl --directory="$(echo /run/log/journal/*)" --no-pager "$@"; }
until journal SYSLOG_IDENTIFIER=finger-store -o cat | grep -q 'Server Shut Down'; do sleep 0.1; done
journal --all -o json _PID=$(cat "$PROGRAM.pid") _TRANSPORT=journal >"$PROGRAM.json"
journal -x SYSLOG_IDENTIFIER=finger -p warning >"$PROGRAM.explained"
"""

PROGRAM = """
import os, sys
from fingerpost.ops.events import Event
from fingerpost.ops.journal import observer
from twisted.logger import Logger, globalLogBeginner

open(sys.argv[0] + ".pid", "w").write(str(os.getpid()))
observer().identifier = "finger"
globalLogBeginner.beginLoggingTo([observer()])
log = Logger()
log.warn("Source {finger_source}: {finger_reason}", message_id=Event.SOURCE_FAILING,
         finger_source="guests", finger_reason="cannot be read: Permission denied")
log.error("It can't answer", message_id=Event.NOT_ANSWERING, finger_service="finger")
log.info("{finger_user!r}", finger_user="two\\nFINGER_PEER=forged")
log.info("x" * 400_000)
try:
    1 / 0
except ZeroDivisionError:
    log.failure("A defect")
print(observer().dropped)
"""


class JournalTests(ServicesTestCase):
    """systemd-journald itself, in a mount namespace of its own."""

    def setUp(self) -> None:
        super().setUp()
        if os.geteuid() != 0:
            raise SkipTest("a mount namespace needs root")
        for name in ("unshare", "journalctl", "systemd-cat"):
            program(name)
        if not JOURNALD.exists():
            raise SkipTest("systemd-journald is not installed")
        paths = {
            "JOURNALD": str(JOURNALD),
            "CATALOG": str(CATALOG),
            "PYTHON": str(BIN / "python"),
            "TWISTD": str(BIN / "twistd"),
            "PROGRAM": self.write("program", PROGRAM),
            "CONFIG": self.write("store.yaml", {
                "engine": "memory:",
                "listen": {name: f"unix:{self.path(name)}" for name in ("read", "write")},
            }),
        }  # fmt: skip
        done = subprocess.run(
            [program("unshare"), "--mount", "--propagation=private", program("bash"), "-c", SCRIPT],
            env={**ENVIRONMENT, **paths}, cwd=self.folder, capture_output=True, timeout=50, check=False,
        )  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stderr.decode())

    def test_the_journal(self) -> None:
        """Entries arrive whole with their fields, none of them forged; events are explained; twistd logs there too."""
        entries: list[dict[str, Any]] = [
            json.loads(line) for line in Path(self.path("program.json")).read_text().splitlines()
        ]
        source, _, forged, large, defect, dropped = entries
        self.assertEqual(source["MESSAGE"], "Source guests: cannot be read: Permission denied")
        self.assertEqual(source["MESSAGE_ID"], Event.SOURCE_FAILING.value)
        self.assertEqual((source["PRIORITY"], source["SYSLOG_IDENTIFIER"]), ("4", "finger"))
        self.assertEqual(forged["FINGER_USER"], "two\nFINGER_PEER=forged")
        self.assertNotIn("FINGER_PEER", forged)
        self.assertEqual(large["MESSAGE"], "x" * 400_000)
        self.assertIn("ZeroDivisionError", defect["MESSAGE"])
        self.assertEqual(Path(defect["CODE_FILE"]).name, "program")
        self.assertEqual(dropped["MESSAGE"], "0")
        explained = Path(self.path("program.explained")).read_text()
        self.assertIn("The source guests can't be read, or has mistakes in it: cannot be read: Permission", explained)
        self.assertIn("systemd's watchdog", explained)


class PromtoolTests(SynchronousTestCase):
    """Prometheus' own opinion."""

    def promtool(self, *arguments: str, given: bytes = b"") -> str:
        """What promtool says of something that it finds nothing wrong with."""
        done = subprocess.run(
            [program("promtool"), *arguments], cwd=MONITORING, input=given, capture_output=True, timeout=30, check=False
        )
        said = (done.stdout + done.stderr).decode()
        self.assertEqual(done.returncode, 0, said)
        return said

    def test_metrics(self) -> None:
        """The metrics follow Prometheus' conventions."""
        self.assertEqual(self.promtool("check", "metrics", given=generate_latest(filled())), "")

    def test_rules(self) -> None:
        """The rules are rules, and every alert fires when it should."""
        self.assertIn("SUCCESS", self.promtool("check", "rules", "rules.yml", "alerts.yml"))
        self.assertIn("SUCCESS", self.promtool("test", "rules", "alerts_test.yml"))
