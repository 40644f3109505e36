"""`fingerctl check-config`: what is wrong with configuration files, before a service is told to use them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from fingerpost.ctl.asking import answers
from fingerpost.ctl.rendering import Plain, View
from fingerpost.ctl.results import Checked
from fingerpost.ops.config import EX_CONFIG, ConfigError, load, load_sections

__all__ = ["check_config"]

_ETC = Path("/etc/fingerpost")
_WHOLE = "fingerpost"  # the file of `twistd fingerpost`, with everything as sections

_GOOD = {True: "good", False: "not there, so the defaults are in force"}


class CheckedView(View[Sequence[Checked]]):
    """Files, and what is wrong with them."""

    def lines(self, result: Sequence[Checked]) -> list[str]:
        """See `View`."""
        if not result:
            return [f"There are no files in {_ETC}, so the defaults are in force"]
        return [f"{checked.file}: {_GOOD[checked.is_there]}" for checked in result if not checked.problems]

    def asides(self, result: Sequence[Checked]) -> list[str]:
        """See `View`."""
        return [str(problem) for checked in result for problem in checked.problems]

    def plain(self, result: Sequence[Checked]) -> list[Plain]:
        """See `View`."""
        return [
            {
                "file": checked.file,
                "section": checked.section,
                "good": not checked.problems,
                "problems": [
                    {"line": found.line, "key": found.key, "message": found.expected, "hint": found.hint}
                    for found in checked.problems
                ],
            }
            for checked in result
        ]

    def exit_code(self, result: Sequence[Checked]) -> int:
        """See `View`."""
        return EX_CONFIG if any(checked.problems for checked in result) else 0


@click.command("check-config")
@click.argument("files", nargs=-1, metavar="[SECTION|FILE]...")
@answers(CheckedView)
def check_config(files: Sequence[str]) -> list[Checked]:
    """Check the files in /etc/fingerpost, or those of some services, or any others."""
    kinds = _kinds()
    if not files:
        found = [(section, _ETC / f"{section}.yaml") for section in (*kinds, _WHOLE)]
        return [_checked(kinds, section, path) for section, path in found if path.exists()]
    return [_checked(kinds, *_named(kinds, name)) for name in files]


def _kinds() -> Mapping[str, type]:
    """The class of each service's configuration, of all that are installed."""
    from twisted.plugin import getPlugins

    from fingerpost.ops.plugin import IFingerpostService

    plugins: Any = getPlugins(IFingerpostService)
    return {plugin.section: plugin.config() for plugin in sorted(plugins, key=lambda plugin: plugin.section)}


def _named(kinds: Mapping[str, type], name: str) -> tuple[str, Path]:
    if name in kinds:
        return name, _ETC / f"{name}.yaml"
    path = Path(name)
    if path.stem not in kinds and path.stem != _WHOLE:
        known = ", ".join((*kinds, _WHOLE))
        raise click.UsageError(f"'{name}' is neither a section nor a file called like one ({known}) and '.yaml'.")
    return path.stem, path


def _checked(kinds: Mapping[str, type], section: str, path: Path) -> Checked:
    if path.parent == _ETC and not path.exists():
        return Checked(str(path), section, is_there=False)
    try:
        if section == _WHOLE:
            from fingerpost.ops.operated import MetricsConfig

            load_sections({**kinds, "metrics": MetricsConfig}, path)
        else:
            load(kinds[section], path)
    except ConfigError as error:
        return Checked(str(path), section, error.problems)
    return Checked(str(path), section)
