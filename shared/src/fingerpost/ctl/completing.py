"""`fingerctl completion`: what a shell needs to complete the command, for packages to install."""

from __future__ import annotations

import click
from attrs import frozen
from click.shell_completion import get_completion_class

from fingerpost.ctl.asking import answers
from fingerpost.ctl.rendering import Plain, View

__all__ = ["completion"]


@frozen
class Script:
    """A completion script."""

    shell: str
    text: str


class ScriptView(View[Script]):
    """A completion script as it is."""

    def lines(self, result: Script) -> list[str]:
        """See `View`."""
        return [result.text.rstrip("\n")]

    def plain(self, result: Script) -> list[Plain]:
        """See `View`."""
        return [{"shell": result.shell, "script": result.text}]


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@answers(ScriptView)
def completion(shell: str) -> Script:
    """Print the script by which a shell completes commands and options.

    Packages install it; to have it without one: source <(fingerctl completion bash)
    """
    program = click.get_current_context().find_root()
    kind = get_completion_class(shell)
    assert kind is not None
    return Script(shell, kind(program.command, {}, "fingerctl", "_FINGERCTL_COMPLETE").source())
