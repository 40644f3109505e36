"""`fingerctl` run in the test's own process, with a store in memory at the end of a connection without sockets."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Coroutine, Mapping
from inspect import signature
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, TypeVar
from unittest import mock

from attrs import define, field
from click.testing import CliRunner, Result
from fingerpost.ctl.problems import ForAdministrators
from fingerpost.ctl.program import fingerctl
from fingerpost.ctl.reaching import connected
from fingerpost.ctl.store import Administration
from fingerpost.store.administering import AdminSocket
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tests.kit import House

T = TypeVar("T")
# Before 8.2 click has to be told that stderr is not stdout.
_APART: dict[str, Any] = {"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}
_RUNNER = CliRunner(**_APART)


@define(slots=False)
class Housed:
    """See `Reaches`: a way to a house. `login` is who asks; `is_admin`, whether they may use the admin socket."""

    house: House = field(factory=House)
    login: str = "root"
    is_admin: bool = True

    def for_administrators(self) -> None:
        """See `Reaches`."""
        if not self.is_admin:
            raise ForAdministrators(hint="sudo")

    def run(self, work: Callable[[Administration], Coroutine[Any, Any, T]]) -> T:
        """See `Reaches`."""
        self.house.protocol = AdminSocket
        results: list[Any] = []

        async def asked() -> T:
            store = await connected(self.house, self.house.clock, "/run/fingerpost/admin.sock", self.login)
            return await work(store)

        Deferred.fromCoroutine(asked()).addBoth(results.append)
        for _ in range(1000):
            if results:
                break
            self.house.turn()
        if not results:
            raise AssertionError("the command is still waiting")
        if isinstance(results[0], Failure):
            results[0].raiseException()
        found: T = results[0]
        return found


class CommandTestCase(SynchronousTestCase):
    """Runs commands, as root unless it says otherwise, in New York's time and a folder of its own."""

    def setUp(self) -> None:
        self.folder = Path(mkdtemp(prefix="fp-"))
        self.reach = Housed()
        self.house = self.reach.house
        environment = {"TZ": "America/New_York", "XDG_STATE_HOME": str(self.folder / "state"), "FINGERPOST_TOKEN": ""}
        self.addCleanup(time.tzset)
        patching = mock.patch.dict(os.environ, environment)
        patching.start()
        self.addCleanup(patching.stop)
        time.tzset()

    def path(self, name: str, text: str | bytes | None = None) -> str:
        """A file in the folder, with a text if one is given."""
        path = self.folder / name
        if text is not None:
            path.write_bytes(text.encode() if isinstance(text, str) else text)
        return str(path)

    def fingerctl(
        self, *arguments: str, code: int = 0, stdin: str | bytes = "", environment: Mapping[str, str] | None = None
    ) -> Result:
        """What a command does, which has to return a code."""
        result = _RUNNER.invoke(
            fingerctl, arguments, input=stdin, obj=self.reach, env=environment, prog_name="fingerctl"
        )
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        self.assertEqual(result.exit_code, code, f"{arguments}: {result.stdout}{result.stderr}")
        return result

    def objects(self, *arguments: str, **options: Any) -> list[Any]:
        """What a command prints with `--json`."""
        return [json.loads(line) for line in self.fingerctl(*arguments, "--json", **options).stdout.splitlines()]

    def refused(self, *arguments: str, code: int, **options: Any) -> dict[str, Any]:
        """The error that a command tells with `--json`."""
        result = self.fingerctl(*arguments, "--json", code=code, **options)
        self.assertEqual(result.stdout, "")
        error: dict[str, Any] = json.loads(result.stderr.splitlines()[-1])["error"]
        self.assertEqual(set(error), {"kind", "message", "hint"})
        return error
