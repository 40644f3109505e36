"""The shape of the house: which way dependencies point, and what every file has."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

ROOT = Path(__file__).parents[2]
SERVICES = sorted(path.name for path in (ROOT / "services").iterdir() if path.is_dir())


def modules(folder: Path) -> Iterator[tuple[Path, ast.Module]]:
    """Every Python file below a folder, parsed."""
    for path in sorted(folder.rglob("*.py")):
        yield path, ast.parse(path.read_text())


def imports(tree: ast.Module) -> Iterator[str]:
    """Every module that a file imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


class HouseTests(SynchronousTestCase):
    """Rules that no reviewer has to remember."""

    def test_dependencies_point_one_way(self) -> None:
        """No service imports another or the store, and what is shared imports no service."""
        for service in SERVICES:
            others = {f"fingerpost_{other}" for other in SERVICES if other != service} | {"fingerpost.store"}
            for path, tree in modules(ROOT / "services" / service / "src"):
                for name in imports(tree):
                    self.assertFalse(any(name == o or name.startswith(f"{o}.") for o in others), f"{path}: {name}")
        for path, tree in modules(ROOT / "shared" / "src"):
            for name in imports(tree):
                self.assertFalse(name.startswith("fingerpost_"), f"{path}: {name}")

    def test_the_store_is_reached_by_the_wire_alone(self) -> None:
        """Of what is shared, only the store itself, its wiring and `twistd fingerpost` import the store."""
        for path, tree in modules(ROOT / "shared" / "src" / "fingerpost"):
            if "store" not in path.parts and path.name != "allinone.py":
                self.assertFalse([name for name in imports(tree) if name.startswith("fingerpost.store")], path)

    def test_plugin_folders_have_no_init(self) -> None:
        """An `__init__.py` in `twisted/` or `twisted/plugins/` would hide Twisted or the service."""
        for source in (ROOT / "shared", *(ROOT / "services").iterdir()):
            self.assertEqual(sorted((source / "src" / "twisted").rglob("__init__.py")), [])
            self.assertEqual(len(list((source / "src" / "twisted" / "plugins").glob("fingerpost*_plugin.py"))), 1)

    def test_every_file_and_test_says_what_it_is_for(self) -> None:
        """Every file starts with a sentence, and so does every test."""
        for path, tree in modules(ROOT / "tests"):
            self.assertTrue(ast.get_docstring(tree), path)
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                    self.assertTrue(ast.get_docstring(node), f"{path}: {node.name}")

    def test_requirements_are_pinned_without_addresses(self) -> None:
        """Constraints hold names and versions only."""
        for path in ROOT.glob("constraints*.txt"):
            for line in path.read_text().splitlines():
                self.assertRegex(line, r"^(#.*|[A-Za-z0-9_.-]+==[0-9a-z.]+)$")
