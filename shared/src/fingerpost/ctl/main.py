"""The command `fingerctl`: all of its commands, and how whatever ends one is told."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import click

from fingerpost.ctl.asking import JSON
from fingerpost.ctl.checking import check_config
from fingerpost.ctl.completing import completion
from fingerpost.ctl.keeping import backup, restore
from fingerpost.ctl.people import user
from fingerpost.ctl.problems import CannotCreate, Problem, told
from fingerpost.ctl.reaching import Reach
from fingerpost.ctl.reading import explain, history, list_people
from fingerpost.ctl.rendering import warn
from fingerpost.ctl.status import status
from fingerpost.ctl.tokens import token
from fingerpost.errors import FingerpostError, NotAccepted

__all__ = ["fingerctl", "main"]

_INTERRUPTED = 130


class Program(click.Group):
    """Tells errors as sentences, and takes ^C and a pipe that nobody reads any more for no errors at all."""

    def invoke(self, context: click.Context) -> Any:
        """See `click.Group`."""
        try:
            return super().invoke(context)
        except FingerpostError as error:
            _tell(context, told(error))
        except click.UsageError as error:
            if not context.meta.get(JSON):
                raise
            _tell(context, Problem("usage", error.exit_code, error.format_message()))
        except UnicodeError:
            _tell(context, told(NotAccepted("What was given on the command line is not UTF-8.")))
        except BrokenPipeError:
            _read_no_more()
            context.exit(0)
        except OSError as error:
            _tell(context, told(CannotCreate(f"The output cannot be written: {error.strerror}.")))
        except (KeyboardInterrupt, click.Abort):
            context.exit(_INTERRUPTED)


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="fingerpost", message="fingerctl %(version)s")
@click.option(
    "--socket",
    metavar="PATH",
    envvar="FINGERPOST_SOCKET",
    help="The store's socket; else that of root, or of everybody else, below /run/fingerpost.",
)
@click.pass_context
def fingerctl(context: click.Context, socket: str | None) -> None:
    """Set statuses, and keep accounts, of Fingerpost."""
    if context.obj is None:
        context.obj = Reach.of_this_process(socket)


for command in (status, list_people, history, explain, user, token, backup, restore, check_config, completion):
    fingerctl.add_command(command)


def main() -> None:
    """Run the program."""
    fingerctl(prog_name="fingerctl")


def _tell(context: click.Context, problem: Problem) -> None:
    if context.meta.get(JSON):
        click.echo(json.dumps(problem.plain()), err=True)
    else:
        warn(problem.lines())
    context.exit(problem.code)


def _read_no_more() -> None:
    """What is still buffered for stdout has to go somewhere when the interpreter ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
