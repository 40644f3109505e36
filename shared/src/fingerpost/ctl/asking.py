"""How a coroutine function that asks the store becomes a command: its options, its connection, and its answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import isasyncgen
from typing import TYPE_CHECKING, Any

import click

from fingerpost.ctl.reaching import Reaches
from fingerpost.ctl.rendering import View, present

if TYPE_CHECKING:
    from fingerpost.ctl.store import Administration

__all__ = ["JSON", "answers", "asks", "for_administrators", "json_option", "reach_of", "wants_json"]

JSON = "fingerpost.ctl.json"  # in a context's `meta`: whether it is programs who read

Command = Callable[..., Any]


def wants_json() -> bool:
    """Whether it is programs who read what this run prints."""
    found: bool = click.get_current_context().meta.get(JSON, False)
    return found


def reach_of(context: click.Context) -> Reaches:
    """The way to the store."""
    reach: Reaches = context.obj
    return reach


def _remember(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:  # it may be there before the command, or behind it
        context.meta[JSON] = True


json_option = click.option(
    "--json",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_remember,
    help="Print JSON, one object to a line.",
)


def answers(view: Callable[[], View[Any]]) -> Callable[[Command], Command]:
    """Make a command of a function whose result is put by a view."""

    def made(function: Command) -> Command:
        @json_option
        @wraps(function)
        def command(**parameters: Any) -> None:
            click.get_current_context().exit(present(view(), function(**parameters), wants_json()))

        return command

    return made


def asks(view: Callable[[], View[Any]], unless_put: Command | None = None) -> Callable[[Command], Command]:
    """Make a command of a coroutine function, or asynchronous generator, that takes the store first.

    What a generator yields is put one by one, by the same view. `unless_put` is a coroutine function that is called
    with the store, a result and an `OSError` where the result could not be put because of that.
    """

    def made(function: Command) -> Command:
        @json_option
        @wraps(function)
        def command(**parameters: Any) -> None:
            context = click.get_current_context()
            shown, as_json = view(), wants_json()

            async def work(store: Administration) -> int:
                result = function(store, **parameters)
                if not isasyncgen(result):
                    found = await result
                    try:
                        return present(shown, found, as_json)
                    except OSError as error:
                        if unless_put is not None:
                            await unless_put(store, found, error)
                        raise
                async for page in result:
                    present(shown, page, as_json)
                return 0

            context.exit(reach_of(context).run(work))

        return command

    return made


def for_administrators(command: Command) -> Command:
    """Refuse a command to others before anything is asked of them; comes before what asks."""

    @wraps(command)
    def refused_to_others(*arguments: Any, **parameters: Any) -> Any:
        reach_of(click.get_current_context()).for_administrators()
        return command(*arguments, **parameters)

    return refused_to_others
