"""The options that give the fields of a profile, and what they mean for the store."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from fingerpost.ctl.problems import CannotRead
from fingerpost.errors import NotAccepted
from fingerpost.model import Link

__all__ = ["profiled"]

_TEXTS = {
    "full_name": "The full name.",
    "office": "Where the office is.",
    "office_phone": "The phone there.",
    "home_phone": "The phone at home; shown to nobody unless that is said.",
    "email": "An address for mail.",
    "homepage": "The address of a page, with https://.",
    "project": "What is worked on, in a line.",
    "timezone": "A time zone such as Europe/Berlin.",
}
_BLOCKS = {
    "plan": "The plan: a text of several lines, or @FILE, or @- for stdin.",
    "pubkey": "A public key, or @FILE, or @- for stdin.",
}
_LONGEST = 64 * 1024  # characters: more than the store takes, which says how many those are


def _block(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """A text, or where it begins with @, what is in a file."""
    if value is None or not value.startswith("@"):
        return value
    try:
        with click.open_file(value[1:], encoding="utf-8") as file:
            text = str(file.read(_LONGEST + 1))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise CannotRead(f"{value[1:]} cannot be read: {reason}.") from None
    if len(text) > _LONGEST:
        raise NotAccepted(f"{parameter.name}: what is in {value[1:]} is far too long")
    return text


def _links(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> list[Link] | None:
    """`REL=HREF`, or `REL=HREF;TYPE`, as links; None where there is nothing to be said of them."""
    return [_link(text) for text in value if text] if value else None


def _link(text: str) -> Link:
    rel, is_link, target = text.partition("=")
    if not is_link:
        raise click.BadParameter(f"'{text}' is not REL=HREF, such as me=https://example.org/@ada")
    href, _, kind = target.partition(";")
    return Link(rel, href, kind)


def _names(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> list[str] | None:
    return [name for name in value if name] if value else None


def profiled(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command an option for each field, and those that were given, by name, as `fields`.

    An empty text takes a field away, as does one `--alias ""` or `--link ""` the aliases or links.
    """

    @wraps(command)
    def with_fields(*arguments: Any, **options: Any) -> Any:
        fields = {name: options.pop(name) for name in _NAMES}
        given = {name: value for name, value in fields.items() if value is not None}
        return command(*arguments, fields=given, **options)

    made: Callable[..., Any] = with_fields
    for option in reversed(_OPTIONS):
        made = option(made)
    return made


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


_NAMES = ("aliases", *_TEXTS, *_BLOCKS, "links")
_OPTIONS = (
    click.option(
        "--alias", "aliases", multiple=True, callback=_names, metavar="NAME", help="Another name; may be repeated."
    ),
    *(click.option(_option(name), metavar="TEXT", help=text) for name, text in _TEXTS.items()),
    *(click.option(_option(name), callback=_block, metavar="TEXT", help=text) for name, text in _BLOCKS.items()),
    click.option(
        "--link", "links", multiple=True, callback=_links, metavar="REL=HREF[;TYPE]",
        help="A link, as WebFinger shows it; may be repeated.",
    ),
)  # fmt: skip
