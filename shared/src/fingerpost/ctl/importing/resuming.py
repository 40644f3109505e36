"""How far a file was imported, kept beside nothing that matters: losing it means importing some rows again."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from attrs import asdict, field, frozen

from fingerpost.ctl.importing.items import Place
from fingerpost.ctl.results import Imported

__all__ = ["Progress", "Remembered", "state_folder"]


@frozen
class Progress:
    """How far everything was answered, and what had become of it."""

    place: Place = field(factory=Place)
    counts: Imported = field(factory=Imported)


def state_folder(environment: Mapping[str, str]) -> Path:
    """Where this user's programs keep what they would rather not lose (the XDG base directories)."""
    given = environment.get("XDG_STATE_HOME", "")
    base = Path(given) if given.startswith("/") else Path.home() / ".local" / "state"
    return base / "fingerpost"


class Remembered:
    """The progress of one file, in a small file of its own."""

    def __init__(self, folder: Path, path: Path, form: str) -> None:
        name = hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:32]
        self._file = folder / f"import-{name}.json"
        status = path.stat()
        self._stamp = {
            "path": str(path.absolute()), "format": form, "size": status.st_size, "mtime": status.st_mtime_ns
        }  # fmt: skip

    def load(self) -> tuple[Progress, bool]:
        """How far it was; and whether that was with another content, and so does not count any more."""
        try:
            kept = json.loads(self._file.read_bytes())
            if {name: kept.get(name) for name in self._stamp} != self._stamp:
                return Progress(), True
            return Progress(Place(**kept["place"]), Imported(**kept["counts"])), False
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return Progress(), False

    def save(self, progress: Progress) -> None:
        """Remember how far it is."""
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = self._file.with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps({**self._stamp, **asdict(progress)}))
        os.replace(temporary, self._file)

    def forget(self) -> None:
        """There is nothing to go on with."""
        with suppress(OSError):
            self._file.unlink()
