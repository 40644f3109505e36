"""What the pages show is what the program takes."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import mkdtemp

from attrs import fields, frozen
from fingerpost.disclosure import Site
from fingerpost.ops.config import load, load_sections
from fingerpost.store.configuration import StoreConfig
from fingerpost_finger.setter.tap import Config as SetterConfig
from fingerpost_finger.tap import Config as FingerConfig
from fingerpost_irc.tap import Config as IRCConfig
from fingerpost_pb.tap import Config as PbConfig
from fingerpost_web.configuration import Config as WebConfig
from twisted.trial.unittest import SynchronousTestCase

ROOT = Path(__file__).parents[1]
KINDS: dict[str, type] = {
    "store": StoreConfig,
    "finger": FingerConfig,
    "setter": SetterConfig,
    "web": WebConfig,
    "pb": PbConfig,
    "irc": IRCConfig,
}


@frozen
class Sample:
    """As much of `store.yaml` as the page about finger shows."""

    disclosure: Site


class DocsTests(SynchronousTestCase):
    """Every configuration in the docs."""

    def shown(self, name: str) -> str:
        """The YAML under the heading of a file in configuration.md."""
        page = (ROOT / "docs" / "configuration.md").read_text()
        found = re.search(rf"^## `{name}\.yaml`\n+```yaml\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
        assert found is not None
        return found[1]

    def test_configuration_page(self) -> None:
        """Each file that the page shows is accepted, and names every key that there is."""
        for name, kind in KINDS.items():
            path = Path(mkdtemp()) / f"{name}.yaml"
            path.write_text(self.shown(name))
            load(kind, path)
            keys = {attribute.name for attribute in fields(kind)} - {"listen"}
            self.assertEqual([key for key in sorted(keys) if f"{key}:" not in path.read_text()], [], name)

    def test_defaults_are_the_ones_shown(self) -> None:
        """The policy that the page shows is the default one."""
        path = Path(mkdtemp()) / "finger.yaml"
        path.write_text(self.shown("finger"))
        self.assertEqual(load(FingerConfig, path), FingerConfig())

    def test_sample_policies(self) -> None:
        """RFC 1288's sample policies are given as they are to be written."""
        policies = re.findall(r"^disclosure: .*$", (ROOT / "docs" / "finger.md").read_text(), re.MULTILINE)
        self.assertEqual(len(policies), 3)
        for policy in policies:
            path = Path(mkdtemp()) / "store.yaml"
            path.write_text(policy)
            load(Sample, path)

    def test_sample_configuration(self) -> None:
        """What `make run` serves is a configuration."""
        found = load_sections(KINDS, ROOT / "docs" / "sample" / "fingerpost.yaml")
        self.assertTrue(found["setter"].trust_loopback)
