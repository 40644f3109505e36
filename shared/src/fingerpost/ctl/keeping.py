"""`fingerctl backup` and `restore`: everything the store holds, in one file, while it runs."""

from __future__ import annotations

from functools import wraps
from typing import IO, TYPE_CHECKING, Any

import click
from attrs import evolve

from fingerpost.ctl.asking import asks, for_administrators
from fingerpost.ctl.files import replacing
from fingerpost.ctl.problems import CannotRead
from fingerpost.ctl.rendering import Plain, View
from fingerpost.ctl.results import Copied, Restored

if TYPE_CHECKING:
    from fingerpost.ctl.store import Administration

__all__ = ["backup", "restore"]


class CopiedView(View[Copied]):
    """A backup that was written."""

    def lines(self, result: Copied) -> list[str]:
        """See `View`."""
        at = f"revision {result.revision} of epoch {result.epoch}"
        return [f"{result.file} holds everything up to {at}, in {result.bytes} bytes"]

    def plain(self, result: Copied) -> list[Plain]:
        """See `View`."""
        return [{"file": result.file, "epoch": result.epoch, "revision": result.revision, "bytes": result.bytes}]


class RestoredView(View[Restored]):
    """A backup that took the place of everything."""

    def lines(self, result: Restored) -> list[str]:
        """See `View`."""
        at = f"revision {result.revision}; its epoch is now {result.epoch}"
        return [f"The store holds what {result.file} does, at {at}"]

    def asides(self, result: Restored) -> list[str]:
        """See `View`."""
        return [
            "Tokens that were revoked since the backup was made are valid again, unless they have ended",
            "Hint: `fingerctl token list` says which are",
        ]

    def plain(self, result: Restored) -> list[Plain]:
        """See `View`."""
        return [{"file": result.file, "epoch": result.epoch, "revision": result.revision}]


@click.command()
@click.argument("file", type=click.Path(dir_okay=False))
@for_administrators
@asks(CopiedView)
async def backup(store: Administration, file: str) -> Copied:
    """Write everything that the store holds into a file, which holds password hashes: keep it safe."""
    with replacing(file) as out:
        return evolve(await store.back_up(out.fileno()), file=file)


def _meant(command: Any) -> Any:
    """Open the file, and ask whether that is meant, before the store is reached."""

    @wraps(command)
    def with_file(file: str, yes: bool) -> Any:
        try:
            opened: IO[bytes] = open(file, "rb")  # noqa: SIM115 (it is closed below)
        except OSError as error:
            raise CannotRead(f"{file} cannot be read: {error.strerror}.") from None
        with opened:
            if not yes:
                click.confirm("What the store holds is replaced by the backup. Go on?", abort=True, err=True)
            return command(file=file, descriptor=opened.fileno())

    return with_file


@click.command()
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--yes", is_flag=True, help="Do not ask.")
@for_administrators
@_meant
@asks(RestoredView)
async def restore(store: Administration, file: str, descriptor: int) -> Restored:
    """Have a backup take the place of everything that the store holds."""
    return evolve(await store.restore(descriptor), file=file)
