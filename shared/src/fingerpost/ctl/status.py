"""`fingerctl status`: one's own status, or that of somebody whose token or password one has."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from fingerpost.ctl.asking import asks
from fingerpost.ctl.proving import Claim, claimed, whose
from fingerpost.ctl.views import RecordView, StatusView
from fingerpost.errors import NoSuchUser
from fingerpost.interfaces import NewStatus, Proof
from fingerpost.model import Availability, Record
from fingerpost.until import moment_after, moment_of, zone_named

if TYPE_CHECKING:
    from fingerpost.ctl.store import Store

__all__ = ["known", "status"]


@click.group()
def status() -> None:
    """Set, show and clear a status."""


@status.command("set")
@click.argument("text")
@click.option("--for", "for_", metavar="LENGTH", help="How long it holds: 90m, 2h, 1h30m, 3d.")
@click.option("--until", metavar="TIME", help="Until when it holds: 14:00, 2026-11-22, '2026-11-22 14:00'.")
@click.option("--emoji", default="", help="An emoji to go with it.")
@click.option(
    "--availability",
    type=click.Choice([one.value for one in Availability]),
    default="free",
    help="Whether you can be reached.",
)
@claimed
@asks(StatusView)
async def set_status(
    store: Store, claim: Claim, text: str, for_: str | None, until: str | None, emoji: str, availability: str
) -> Record:
    """Say what you are doing."""
    if for_ is not None and until is not None:
        raise click.UsageError("--for and --until exclude each other.")
    name, proof = await claim.settled(store)
    expires = None
    if for_ is not None:
        expires = moment_after(for_, _now())
    elif until is not None:
        expires = moment_of(until, _now(), zone_named(await _timezone(store, name, proof)))
    return await store.set_status(name, NewStatus(text, "cli", emoji, Availability(availability), expires), proof)


@status.command("show")
@click.argument("name", required=False)
@asks(RecordView)
async def show(store: Store, name: str | None) -> Record:
    """Show somebody's status and profile, or your own."""
    return await known(store, whose(name, store))


@status.command("clear")
@claimed
@asks(StatusView)
async def clear(store: Store, claim: Claim) -> Record:
    """Take your status away."""
    name, proof = await claim.settled(store)
    return await store.clear_status(name, proof)


async def known(store: Store, name: str) -> Record:
    """A person, as far as whoever runs this may know them; raises `NoSuchUser`."""
    record = (await store.change(name, store.proof)).record
    if record is None:
        raise NoSuchUser
    return record


async def _timezone(store: Store, name: str, proof: Proof) -> str:
    """The time zone of a person's profile; "" of somebody whose first status this is."""
    try:
        record = (await store.change(name, proof)).record
    except NoSuchUser:
        return ""
    return record.person.timezone if record is not None else ""


def _now() -> datetime:
    return datetime.now(UTC)
