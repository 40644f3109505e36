"""The command `fingerctl`: all of its commands, and how whatever ends one is told."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from typing import Any

import click

from fingerpost.ctl.asking import JSON, json_option
from fingerpost.ctl.checking import check_config
from fingerpost.ctl.completing import completion
from fingerpost.ctl.keeping import backup, restore
from fingerpost.ctl.people import user
from fingerpost.ctl.problems import CannotCreate, Problem, told
from fingerpost.ctl.reaching import Reach
from fingerpost.ctl.reading import explain, history, list_people
from fingerpost.ctl.rendering import settle, warn
from fingerpost.ctl.status import status
from fingerpost.ctl.tokens import token
from fingerpost.errors import FingerpostError, NotAccepted

__all__ = ["fingerctl"]

_INTERRUPTED = 130
_MEANT_JSON = "fingerpost.ctl.meant_json"  # whether --json is there, although what is there may be no command line


class Program(click.Group):
    """Tells errors as sentences, and takes ^C and a pipe that nobody reads any more for no errors at all."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """See `click.Group`."""
        context.meta[_MEANT_JSON] = "--json" in takewhile(lambda arg: arg != "--", args)
        with _telling(context):
            return super().parse_args(context, args)

    def invoke(self, context: click.Context) -> Any:
        """See `click.Group`."""
        with _telling(context):
            return super().invoke(context)


@contextmanager
def _telling(context: click.Context) -> Iterator[None]:
    try:
        yield
    except FingerpostError as error:
        _tell(context, told(error))
    except click.UsageError as error:
        if not context.meta[_MEANT_JSON]:
            raise
        context.meta[JSON] = True
        _tell(context, Problem("usage", error.exit_code, error.format_message()))
    except UnicodeError:
        _tell(context, told(NotAccepted("What was given on the command line is not UTF-8.")))
    except BrokenPipeError:
        settle(sys.stdout)
        context.exit(0)
    except OSError as error:
        _tell(context, told(CannotCreate(f"The output cannot be written: {error.strerror}.")))
    except (KeyboardInterrupt, click.Abort):
        if context.meta.get(JSON):
            _tell(context, Problem("interrupted", _INTERRUPTED, "Interrupted."))
        context.exit(_INTERRUPTED)


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="fingerpost", message="fingerctl %(version)s")
@click.option(
    "--socket",
    metavar="PATH",
    envvar="FINGERPOST_SOCKET",
    help="The store's socket; else that of root, or of everybody else, below /run/fingerpost.",
)
@json_option
@click.pass_context
def fingerctl(context: click.Context, socket: str | None) -> None:
    """Set statuses, and keep accounts, of Fingerpost."""
    if context.obj is None:
        context.obj = Reach.of_this_process(socket)


for command in (status, list_people, history, explain, user, token, backup, restore, check_config, completion):
    fingerctl.add_command(command)


def _tell(context: click.Context, problem: Problem) -> None:
    warn([json.dumps(problem.plain())] if context.meta.get(JSON) else problem.lines())
    settle(sys.stdout)
    context.exit(problem.code)
