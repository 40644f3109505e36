"""`fingerctl user`: who there is, what is known of them, and who may see it."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from fingerpost.ctl.asking import asks, for_administrators
from fingerpost.ctl.exporting import export_people
from fingerpost.ctl.importing.command import import_people
from fingerpost.ctl.profile import profiled
from fingerpost.ctl.proving import new_password
from fingerpost.ctl.rendering import Plain, View
from fingerpost.ctl.results import Done, Removed
from fingerpost.ctl.status import known
from fingerpost.ctl.views import DoneView, RecordView
from fingerpost.disclosure import FIELDS
from fingerpost.model import Audience, Record

if TYPE_CHECKING:
    from fingerpost.ctl.store import Administration, Store

__all__ = ["user"]

_SITE = "default"


@click.group()
def user() -> None:
    """Add, change and remove people, and say who may see what of them."""


user.add_command(import_people)
user.add_command(export_people)


class RemovedView(View[Removed]):
    """Somebody who was removed."""

    def lines(self, result: Removed) -> list[str]:
        """See `View`."""
        return [f"{result.login} is removed"]

    def asides(self, result: Removed) -> list[str]:
        """See `View`."""
        if not result.sources:
            return []
        return [f"Hint: {', '.join(result.sources)} still names {result.login}, who is known by that"]

    def plain(self, result: Removed) -> list[Plain]:
        """See `View`."""
        return [{"login": result.login, "removed": True, "sources": list(result.sources)}]


@user.command()
@click.argument("name")
@for_administrators
@profiled
@asks(RecordView)
async def add(store: Administration, name: str, fields: dict[str, Any]) -> Record:
    """Make somebody known."""
    return await store.add_user(name, fields)


@user.command()
@click.argument("name")
@profiled
@asks(RecordView)
async def edit(store: Store, name: str, fields: dict[str, Any]) -> Record:
    """Change somebody's profile; everybody may change their own. An empty text takes a field away."""
    if not fields:
        raise click.UsageError("Say what is to be changed, such as --project 'Fingerpost'.")
    return await store.update_profile(await _known_login(store, name), fields, store.proof)


@user.command()
@click.argument("name")
@for_administrators
@asks(RemovedView)
async def remove(store: Administration, name: str) -> Removed:
    """Forget somebody: profile, statuses, history, password and tokens."""
    return Removed(name, await store.remove_user(name))


def _with_password(command: Any) -> Any:
    """Ask for a password before the store is reached, unless it is to be taken away."""

    @click.option("--remove", is_flag=True, help="Take the password away.")
    @wraps(command)
    def asked(name: str, remove: bool) -> Any:
        return command(name=name, password=None if remove else new_password())

    return asked


@user.command()
@click.argument("name")
@for_administrators
@_with_password
@asks(DoneView)
async def passwd(store: Administration, name: str, password: str | None) -> Done:
    """Give somebody a password, asked for twice; from the first line of stdin if that is no terminal."""
    await store.set_password(name, password)
    is_set = password is not None
    sentence = f"{name} has a new password" if is_set else f"{name} has no password any more"
    return Done(sentence, {"login": name, "password": is_set})


@user.command()
@click.argument("name")
@asks(DoneView)
async def hide(store: Store, name: str) -> Done:
    """Have somebody look as if there were no such user; everybody may hide themselves."""
    login = await _known_login(store, name)
    await store.set_visibility(login, True, {}, store.proof)
    return Done(f"{login} is hidden", {"login": login, "hidden": True})


@user.command()
@click.argument("name")
@asks(DoneView)
async def unhide(store: Store, name: str) -> Done:
    """Show somebody again who is hidden."""
    login = await _known_login(store, name)
    await store.set_visibility(login, False, {}, store.proof)
    return Done(f"{login} is not hidden", {"login": login, "hidden": False})


@user.command()
@click.argument("name")
@click.argument("field", type=click.Choice(FIELDS))
@click.argument("audience", type=click.Choice([*(one.value for one in Audience), _SITE]))
@asks(DoneView)
async def disclose(store: Store, name: str, field: str, audience: str) -> Done:
    """Say who may see a field: world, local, member, nobody, or whoever the site says (default)."""
    wanted = None if audience == _SITE else Audience(audience)
    login = await _known_login(store, name)
    await store.set_visibility(login, None, {field: wanted}, store.proof)
    who = "whoever the site says" if wanted is None else f"'{audience}'"
    return Done(f"{field} of {login} is for {who}", {"login": login, "field": field, "audience": audience})


async def _known_login(store: Store, name: str) -> str:
    """The login of somebody who is known: a slip of the pen must not make one known. Oneself may be new."""
    return name if name == store.login else (await known(store, name)).login
