"""`fingerctl list`, `history` and `explain`: what is known, and what others see of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import click

from fingerpost.ctl.asking import asks
from fingerpost.ctl.proving import whose
from fingerpost.ctl.views import ExplanationView, PeopleView, StatusesView
from fingerpost.explanation import Explanation
from fingerpost.model import Audience, Record, Status

if TYPE_CHECKING:
    from fingerpost.ctl.store import Store

__all__ = ["explain", "history", "list_people"]

_PAGE = 1000  # at most; the store cuts a page where a message ends
_ASKERS = [audience.value for audience in Audience if audience is not Audience.NOBODY]


@click.command("list")
@click.option("--all", "everybody", is_flag=True, help="Everybody by name, also those without a status.")
@asks(PeopleView)
async def list_people(store: Store, everybody: bool) -> AsyncIterator[Sequence[Record]]:
    """List people with their statuses, the latest first."""
    after = ""
    while True:
        changes, after = await store.page(after, _PAGE, "name" if everybody else "latest")
        yield [change.record for change in changes if change.record is not None]
        if not after:
            return


@click.command()
@click.argument("name", required=False)
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many at most.")
@asks(StatusesView)
async def history(store: Store, name: str | None, limit: int) -> AsyncIterator[Sequence[Status]]:
    """List what somebody said, or you did, the latest first."""
    who = whose(name, store)
    before: datetime | None = None
    while limit > 0:
        statuses = await store.history(who, before, min(limit, _PAGE), store.proof)
        yield statuses
        if not statuses:
            return
        limit -= len(statuses)
        before = statuses[-1].set_at


@click.command()
@click.argument("name", required=False)
@click.option("--as", "asker", type=click.Choice(_ASKERS), required=True, help="As whom somebody asks.")
@asks(ExplanationView)
async def explain(store: Store, name: str | None, asker: str) -> Explanation:
    """Tell, field by field, what somebody else is shown of a person, and who decided that."""
    who = whose(name, store)
    return await store.explain(who, Audience(asker), store.proof)
