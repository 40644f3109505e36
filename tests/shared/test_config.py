"""Configuration files, and the sentences about what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from tempfile import mkdtemp

from fingerpost.ops.config import ConfigError, load, load_sections
from fingerpost.store.configuration import SourceConfig, StoreConfig
from fingerpost_finger.tap import Config as FingerConfig
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase


class LoadTests(SynchronousTestCase):
    """One file, one class."""

    def setUp(self) -> None:
        self.path = Path(mkdtemp()) / "store.yaml"

    def load(self, text: str) -> StoreConfig:
        self.path.write_text(text)
        return load(StoreConfig, self.path)

    def wrong(self, text: str) -> str:
        """The sentences about a file, without its name."""
        with self.assertRaises(ConfigError) as caught:
            self.load(text)
        return str(caught.exception).replace(f"{self.path}:", "")

    def test_no_file(self) -> None:
        """No file, and an empty one, are a working configuration."""
        self.assertEqual(load(StoreConfig, None), StoreConfig())
        self.assertEqual(self.load("# nothing\n"), StoreConfig())

    def test_values(self) -> None:
        """Keys are taken up, and one text may stand for a list of texts."""
        config = self.load(
            "engine: 'memory:'\nlisten: {read: 'unix:/x', write: ['fd:write', 'unix:/y']}\n"
            "sources: [{type: file, path: /etc/users}, {type: memory, users: {moshez: Happy}}]\n"
        )
        self.assertEqual((config.listen.read, config.listen.write), (("unix:/x",), ("fd:write", "unix:/y")))
        self.assertEqual(
            config.sources, (SourceConfig("file", "/etc/users"), SourceConfig("memory", users={"moshez": "Happy"}))
        )

    def test_names_and_values(self) -> None:
        """Where names stand for values, each is looked at; anything else in their place is a mistake like others."""
        wrong = self.wrong("disclosure:\n  fields:\n    office: friends\n")
        self.assertIn("3: disclosure.fields.office: expected one of world, local, member, nobody, not 'friends'", wrong)
        self.assertIn(
            "expected keys and values, not ['moshez']", self.wrong("sources: [{type: memory, users: [moshez]}]")
        )
        self.assertIn("none of the fields status", self.wrong("disclosure: {fields: {shoe_size: world}}"))
        self.assertIn("'10.0.0.0/99' is no network", self.wrong("disclosure: {local: [10.0.0.0/99]}"))
        self.assertIn("'nosuch:x' is no checker", self.wrong("proofs: {checkers: ['nosuch:x']}"))
        self.assertIn("8 for each of parallelism", self.wrong("proofs: {argon2: {memory_cost: 8, parallelism: 4}}"))

    def test_unknown_key(self) -> None:
        """A key that does not exist is named with its line, and the key that was probably meant."""
        self.assertEqual(
            self.wrong("\nengin: 'memory:'\n"), "2: engin: there is no such key (hint: did you mean 'engine'?)"
        )
        self.assertIn("the keys here are type, path", self.wrong("sources:\n- type: file\n  path: /x\n  zzz: 1"))

    def test_wrong_type(self) -> None:
        """A value of the wrong kind is named with key path, line, what was expected and what was there."""
        self.assertEqual(self.wrong("keep_changes: many"), "1: keep_changes: expected a whole number, not 'many'")
        self.assertEqual(self.wrong("keep_changes: true"), "1: keep_changes: expected a whole number, not True")
        self.assertIn("1: engine: expected text, not 5", self.wrong("engine: 5"))
        self.assertIn("2: listen.read: expected text or a list of texts", self.wrong("listen:\n  read: 5"))
        self.assertIn("1: listen: expected keys and values, not nothing", self.wrong("listen:"))

    def test_wrong_value(self) -> None:
        """A value that makes no sense is refused with what would."""
        self.assertIn("1: engine: expected memory: or sqlite:PATH", self.wrong("engine: mysql://x"))
        self.assertIn("2: sources[0].type: expected file or memory", self.wrong("sources:\n- {type: ldap}"))
        self.assertIn("2: sources[0]: a source of type file needs a path", self.wrong("sources:\n- {type: file}"))
        twice = "sources: [{type: file, path: /a}, {type: file, path: /b}]"
        self.assertIn("two sources are called 'file'", self.wrong(twice))

    def test_everything_at_once(self) -> None:
        """All that is wrong is said at once."""
        self.assertEqual(len(self.wrong("engine: 5\nkeep_changes: x\nnosuch: 1").splitlines()), 3)

    def test_not_yaml(self) -> None:
        """What is no YAML is refused with the line; so are a key given twice and a file that can't be read."""
        self.assertIn("2: this is not YAML", self.wrong("a: 1\nb: [1"))
        self.assertIn("3: engine: the key is given twice", self.wrong("engine: 'memory:'\n\nengine: 'memory:'"))
        self.path.unlink()
        with self.assertRaises(ConfigError) as caught:
            load(StoreConfig, self.path)
        self.assertIn("cannot be read: No such file", str(caught.exception))

    def test_values_out_of_range(self) -> None:
        """Limits that would let nobody in, values that are no numbers, and dates that are none are refused."""
        for text, words in (
            ("cache_size: -5", "cache_size"),
            ("listen: []", "listen"),
            ("limits: {rate: .nan}", "limits.rate: expected 0 (no limit) or more, not nan"),
            ("limits: {total: -1}", "limits.total"),
            ("cache_size: 2001-99-99", "this is not YAML"),
            ("a: " + "[" * 3000, "this is not YAML"),
        ):
            self.path.write_text(text)
            with self.assertRaises(ConfigError) as caught:
                load(FingerConfig, self.path)
            self.assertIn(words, str(caught.exception))

    @given(st.text(alphabet="ab:-[]{}&*!|>'\"%@`#,? \n\t1\x00\u00e9", max_size=60))
    def test_any_text(self, text: str) -> None:
        """Any text at all is a configuration or a `ConfigError`."""
        path = Path(mkdtemp()) / "any.yaml"
        path.write_text(text)
        try:
            load(FingerConfig, path)
        except ConfigError as error:
            assert error.problems

    def test_wrong_endpoint(self) -> None:
        """An endpoint that is none is found when the file is read, at its line, also by SIGHUP."""
        self.path.write_text("cache_size: 5\nlisten: [zork:1]\n")
        with self.assertRaises(ConfigError) as caught:
            load(FingerConfig, self.path)
        self.assertIn(":2: listen: 'zork:1' is no endpoint such as tcp:79", str(caught.exception))


class SectionsTests(SynchronousTestCase):
    """One file for all services."""

    def test_sections(self) -> None:
        """Each service gets the section of its name, or its defaults."""
        path = Path(mkdtemp()) / "all.yaml"
        path.write_text("finger: {cache_size: 7}\n")
        kinds = {"finger": FingerConfig, "store": StoreConfig}
        found = load_sections(kinds, path)
        self.assertEqual((found["finger"].cache_size, found["store"]), (7, StoreConfig()))
        path.write_text("finger:\n  limits:\n    rat: 7\n")
        with self.assertRaises(ConfigError) as caught:
            load_sections(kinds, path)
        self.assertIn(":3: finger.limits.rat: there is no such key (hint: did you mean 'rate'?)", str(caught.exception))
