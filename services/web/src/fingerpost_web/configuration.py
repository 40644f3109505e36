"""What can be configured of the web service."""

from __future__ import annotations

from attrs import field, frozen
from attrs.validators import ge, le, min_len, optional
from fingerpost.lookups import LookupsConfig
from fingerpost.ops.frontend import ListeningConfig, ReadingConfig
from fingerpost.ops.services import check_listen

__all__ = ["Config", "TLSConfig"]


@frozen(kw_only=True)
class TLSConfig:
    """HTTPS: where, and with which certificate chain and key, each a PEM file or `credential:NAME`.

    `self_signed` makes both files where they are missing: for trying things out, since browsers will warn.
    """

    listen: tuple[str, ...] | None = field(default=None, validator=[optional(min_len(1)), check_listen])
    certificate: str
    key: str
    self_signed: bool = False


@frozen(kw_only=True)
class Config(ReadingConfig, ListeningConfig, LookupsConfig):
    """See `web.yaml`. `templates` is a folder whose files take the place of those in the package."""

    tls: TLSConfig | None = None
    templates: str | None = None
    title: str = "Fingerpost"
    page_size: int = field(default=50, validator=[ge(1), le(500)])
    history_limit: int = field(default=10, validator=ge(0))
