"""The files that pages are made of: those in the package, each replaced by one of its name in a folder, if any."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree
from xml.sax import SAXException

from attrs import frozen
from fingerpost.errors import FingerpostError
from twisted.web.template import XMLString

__all__ = ["Static", "Theme"]

_PAGES = ("layout", "list", "message", "person")
_STATIC = {"style.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}
_T = "{http://twistedmatrix.com/ns/twisted.web.template/0.1}"


@frozen
class Static:
    """A file as it is sent."""

    body: bytes
    type: str


@frozen(eq=False)
class Theme:
    """Templates by name, and static files by path."""

    pages: Mapping[str, XMLString]
    static: Mapping[str, Static]

    @classmethod
    def read(cls, folder: str | None) -> Theme:
        """Read every file; raises `FingerpostError` for what is missing, is not XML, or asks for what there is not."""
        if folder is not None and not Path(folder).is_dir():
            raise FingerpostError(f"templates: there is no folder '{folder}'")
        return cls(
            {name: _page(folder, f"{name}.xml") for name in _PAGES},
            {name: Static(_body(folder, name), kind) for name, kind in _STATIC.items()},
        )


def _body(folder: str | None, name: str) -> bytes:
    own = None if folder is None else Path(folder, name)
    try:
        if own is not None and own.exists():
            return own.read_bytes()
        return (files("fingerpost_web") / "templates" / name).read_bytes()
    except OSError as error:
        raise FingerpostError(f"templates: {own} cannot be read: {error.strerror}") from error


def _page(folder: str | None, name: str) -> XMLString:
    body = _body(folder, name)
    try:
        unknown = sorted(_wanted(body) - _wanted(_body(None, name)))
        if not unknown:
            return XMLString(body)
    except (ElementTree.ParseError, SAXException, AssertionError) as error:
        raise FingerpostError(f"{folder}/{name}: this is no template: {error}") from error
    raise FingerpostError(f"{folder}/{name}: there is no {unknown[0]}; the package's own {name} has all there are")


def _wanted(body: bytes) -> set[str]:
    """The slots that a template has filled, and the parts that it has rendered."""
    elements = list(ElementTree.fromstring(body).iter())  # noqa: S314 (an administrator's file)
    slots = {f"slot '{element.get('name')}'" for element in elements if element.tag == f"{_T}slot"}
    parts = {f"part '{element.get(f'{_T}render')}'" for element in elements if element.get(f"{_T}render")}
    kinds = {f"element 't:{e.tag.removeprefix(_T)}'" for e in elements if str(e.tag).startswith(_T)}
    return slots | parts | (kinds - {f"element 't:{name}'" for name in ("attr", "slot", "transparent")})
