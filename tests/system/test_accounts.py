"""Accounts on a booted machine: who may set what, what wrong secrets come to, what strangers see, and backups."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fingerpost.ops.events import Event

from tests.ctl.examples import examples
from tests.system.conftest import install
from tests.system.machine import Machine

pytestmark = pytest.mark.system

MANUAL = Path(__file__).parents[2] / "deploy" / "packaging" / "man" / "fingerctl.1"
STORE = """
sources: [{type: file, path: /etc/users}]
disclosure: {local: [127.0.0.0/8, "::1/128"], fields: {office_phone: local, email: member}}
proofs: {attempts: 4, seconds: 8}
"""
NOT_ALLOWED = "That is not allowed: the proof given is not for this name."
PASSWORD = "correct horse battery staple"

# Sets the status of one person after another until its input ends, and writes down who was acknowledged.
STREAM = """
import itertools, select, socket, sys
with open("/root/acknowledged", "w") as acknowledged:
    for number in itertools.count():
        if select.select([sys.stdin], [], [], 0)[0]:
            break
        with socket.socket(socket.AF_UNIX) as client:
            client.connect("/run/fingerpost/set.sock")
            client.sendall(b"person%d\\nNumber %d\\n" % (number, number))
            client.shutdown(socket.SHUT_WR)
            if client.recv(1000).startswith(b"OK"):
                print(number, file=acknowledged, flush=True)
"""


@pytest.fixture(scope="module")
def house(machine: Machine) -> Machine:
    """A machine with three people: eve has an account and no login, ben and cleo have logins and no account."""
    machine.put("/etc/fingerpost/store.yaml", STORE)
    machine.sh("for name in ben cleo; do useradd --create-home $name; done")
    machine.sh("systemctl restart finger-store.service; fingerctl user add eve --email eve@example.org")
    machine.run("fingerctl", "user", "passwd", "eve", given=f"{PASSWORD}\n")
    return machine


@pytest.fixture(scope="module")
def token(house: Machine) -> str:
    """A token for eve's status."""
    return issued(house, "eve")


def issued(machine: Machine, name: str, *options: str, scope: str = "status:set") -> str:
    """The secret of a new token."""
    return str(issue(machine, name, *options, scope=scope)["token"])


def issue(machine: Machine, name: str, *options: str, scope: str = "status:set") -> dict[str, object]:
    """A new token as root is told of it."""
    found: dict[str, object] = json.loads(
        machine.run("fingerctl", "token", "issue", name, "--scope", scope, *options, "--json")
    )
    return found


def over_tcp(machine: Machine, name: str, text: str, token: str, user: str = "ben") -> str:
    """What the setter answers to three lines from somebody without any rights."""
    return machine.run("nc", "-N", "127.0.0.1", "1079", given=f"{name}\n{text}\n{token}\n", user=user).strip()


def by_password(machine: Machine, name: str, password: str) -> str:
    """What fingerctl says to somebody who knows a password."""
    command = ["fingerctl", "status", "set", "With a password", "--user", name, "--password", "--json"]
    answer = json.loads(machine.run(*command, given=f"{password}\n", user="ben", check=False))
    return str(answer["error"]["message"]) if "error" in answer else "OK"


def proofs(machine: Machine, kind: str, outcome: str) -> float:
    """How many proofs Prometheus is told of."""
    page = machine.run("curl", "-sSm", "20", "http://127.0.0.1:19070/metrics")
    found = re.search(rf'^fingerpost_proofs_total{{kind="{kind}",outcome="{outcome}"}} (.*)$', page, re.MULTILINE)
    return float(found[1]) if found else 0.0


def journal(machine: Machine, event: Event, *fields: str) -> str:
    """What was logged of an event."""
    return machine.run("journalctl", "--boot", "--no-pager", "--output=verbose", f"MESSAGE_ID={event.value}", *fields)


def answer(machine: Machine, query: str, address: str = "127.0.0.1", before: str = "") -> str:
    """What finger answers, byte for byte."""
    return machine.sh(f"printf '{query}\\r\\n' | {before} nc -N {address} 79")


def test_a_token_over_tcp(house: Machine, token: str) -> None:
    """Whoever has a token sets that person's status over TCP, whatever user they are."""
    assert over_tcp(house, "eve", "By token", token) == "OK eve: By token"
    assert "By token" in house.until("finger eve@localhost", "By token", 5)
    assert over_tcp(house, "eve", "", token, user="nobody:nogroup") == "OK eve: the status is cleared"


def test_wrong_secrets_are_alike(house: Machine, token: str) -> None:
    """A token that is wrong, ended, revoked, of somebody else or for something else, and a wrong password, get the
    same words; each is counted, and logged with the reason."""
    for name in ("ended", "revoked", "other", "scope", "wrong"):
        house.run("fingerctl", "user", "add", name)
    ended = issued(house, "ended", "--expires", "1s")
    revoked = issue(house, "revoked")
    house.run("fingerctl", "token", "revoke", str(revoked["id"]))
    time.sleep(1.1)
    refused = proofs(house, "token", "refused")
    wrong = {
        "ended": ended,
        "revoked": str(revoked["token"]),
        "other": token,
        "scope": issued(house, "scope", scope="profile:set"),
        "wrong": token[:-4] + "AAAA",
    }
    answers = {over_tcp(house, name, "Never", secret) for name, secret in wrong.items()}
    assert answers == {f"ERROR: {NOT_ALLOWED}"}
    assert proofs(house, "token", "refused") == refused + len(wrong)
    logged = {name: journal(house, Event.PROOF_REFUSED, f"FINGER_USER={name}") for name in wrong}
    for name, entry in logged.items():
        assert "FINGER_KIND=token" in entry, name
        assert wrong[name] not in entry
    reasons = {re.search("FINGER_REASON=(.*)", entry)[1] for entry in logged.values()}  # type: ignore[index]
    house.report(f"what the journal has of tokens that were refused: {sorted(reasons)}")
    refused = proofs(house, "password", "refused")
    assert by_password(house, "eve", PASSWORD) == "OK"  # so argon2 works in the store's sandbox
    assert {by_password(house, name, "wrong") for name in ("eve", "nobodysname")} == {NOT_ALLOWED}
    assert proofs(house, "password", "refused") == refused + 2
    assert "FINGER_KIND=password" in journal(house, Event.PROOF_REFUSED, "FINGER_USER=nobodysname")


def test_guessing_is_throttled(house: Machine) -> None:
    """After some failures a name is not looked at any more, even with the right token; and then it is again."""
    house.run("fingerctl", "user", "add", "guessed")
    good = issued(house, "guessed")
    assert over_tcp(house, "guessed", "Before", good).startswith("OK")
    answers = [over_tcp(house, "guessed", "Never", f"fp_{number}") for number in range(8)]
    assert answers[0] == f"ERROR: {NOT_ALLOWED}"
    assert "Too many wrong attempts for this name" in answers[-1]
    assert "Too many wrong attempts" in over_tcp(house, "guessed", "Never", good)
    assert proofs(house, "token", "throttled") > 0
    assert "FINGER_USER=guessed" in journal(house, Event.PROOF_THROTTLED)
    began = time.monotonic()
    while not over_tcp(house, "guessed", "After", good).startswith("OK"):
        assert time.monotonic() - began < 20
        time.sleep(0.5)
    house.report(f"a name that was throttled was looked at again after {time.monotonic() - began:.1f} s")
    assert "After" in house.until("finger guessed@localhost", "After", 5)


def test_people_without_an_account(house: Machine) -> None:
    """Whoever has a login sets their own status with fingerctl, and nobody else's."""
    house.run("fingerctl", "status", "set", "Out for lunch", "--for", "2h", user="cleo")
    assert "Out for lunch" in house.until("finger cleo@localhost", "Out for lunch", 5)
    said = json.loads(house.run("fingerctl", "status", "show", "--json", user="cleo"))
    assert said["login"] == "cleo"
    refused = house.run("fingerctl", "status", "set", "Gone", "--user", "eve", user="cleo", check=False)
    assert NOT_ALLOWED in refused
    house.run("fingerctl", "status", "clear", user="cleo")
    house.until("! finger cleo@localhost | grep 'Out for lunch' || true; echo cleared", "cleared", 5)


def test_administrators_are_root(house: Machine) -> None:
    """What administrators do, nobody else can, by whichever socket."""
    for command in ("user add dan", "token issue cleo --scope admin", "token list", "backup /tmp/all", "user export"):
        for socket in ("", "--socket /run/fingerpost/user.sock", "--socket /run/fingerpost/admin.sock"):
            script = f"fingerctl {socket} {command} 2>&1 && echo done || echo refused"
            printed = house.sh(script, user="cleo")
            assert "refused" in printed, (command, socket)
            assert "Traceback" not in printed
    assert house.sh("stat --format '%U %a' /run/fingerpost/admin.sock").split() == ["root", "600"]


def test_the_database_has_no_secret(house: Machine, token: str) -> None:
    """A stolen copy of the database, with what was not yet moved into it, holds neither a token nor a password."""
    house.sh("cp -a /var/lib/fingerpost /root/stolen; test -s /root/stolen/status.db-wal")
    for kept in ("eve", "argon2id"):
        house.run("grep", "--quiet", "-r", "--text", kept, "/root/stolen")
    for secret in (token, token.removeprefix("fp_"), PASSWORD):
        assert house.run("grep", "-rc", "--text", "-F", secret, "/root/stolen", check=False).count(":0\n") == len(
            house.sh("find /root/stolen -type f").split()
        )


def test_hidden_people(house: Machine) -> None:
    """Finger answers about somebody hidden, byte for byte, as about nobody."""
    house.sh("fingerctl user add ghost; fingerctl user edit ghost --plan 'To haunt'; fingerctl user hide ghost")
    house.until("printf 'ghost\\r\\n' | nc -N 127.0.0.1 79", "no such user", 5)
    for form in ("{}", "/W {}"):
        hidden, unknown = (answer(house, form.format(name)) for name in ("ghost", "ghast"))
        assert hidden.replace("ghost", "ghast") == unknown
    house.run("fingerctl", "user", "unhide", "ghost")
    house.until("printf '/W ghost\\r\\n' | nc -N 127.0.0.1 79", "To haunt", 5)


def test_local_and_world(house: Machine) -> None:
    """Who asks from this machine is shown more than who asks from the network, as `fingerctl explain` says."""
    house.sh("fingerctl user edit eve --office 'Room 7' --office-phone 1234")
    house.sh("""
        ip netns add away
        ip link add here type veth peer name there netns away
        ip addr add 192.0.2.1/24 dev here
        ip link set here up
        ip -n away addr add 192.0.2.2/24 dev there
        ip -n away link set there up
        """)
    local = house.until("printf '/W eve\\r\\n' | nc -N 127.0.0.1 79", "1234", 5)
    world = answer(house, "/W eve", "192.0.2.1", "ip netns exec away")
    for asker, shown in (("local", local), ("world", world)):
        explained = json.loads(house.run("fingerctl", "explain", "eve", "--as", asker, "--json"))["fields"]
        fields = {field["field"]: field for field in explained if field["field"] not in ("since", "via")}
        told = {name: field["shown"] for name, field in fields.items() if field["value"]}
        assert told == {name: field["value"] in shown for name, field in fields.items() if field["value"]}
        assert (told["office"], told["office_phone"], told["email"]) == (True, asker == "local", False)


def test_expiry_across_a_restart(house: Machine) -> None:
    """A status that ends while the store is stopped is gone when it is back, and the one before it shows again."""
    house.run("fingerctl", "status", "set", "At my desk", user="ben")
    house.run("fingerctl", "status", "set", "Away for a moment", "--for", "3s", user="ben")
    house.until("finger ben@localhost", "Away for a moment", 3)
    house.run("systemctl", "restart", "finger-store.service")
    house.until("finger ben@localhost", "At my desk", 15)
    house.run("fingerctl", "status", "set", "Away again", "--for", "2s", user="ben")
    house.sh("systemctl stop fingerpost.target; sleep 2; systemctl start fingerpost.target")
    assert "At my desk" in house.run("finger", "ben@localhost")


@pytest.fixture(scope="module")
def empty(template: Path, debs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A second machine, with the packages and nobody."""
    machine = Machine(template, tmp_path_factory.mktemp("empty") / "root")
    try:
        machine.boot()
        install(machine, debs)
        yield machine
    finally:
        machine.destroy()


def test_backup_and_restore(house: Machine, empty: Machine, token: str) -> None:
    """A backup made while people set their status holds every set that was acknowledged before it began; restored on
    another machine, the services there notice that it is another database, and its tokens are good."""
    setting = house.begin("python3", "-c", STREAM)
    house.until("[ $(cat /root/acknowledged 2>/dev/null | wc -l) -lt 100 ] || echo enough", "enough", 60)
    before = [int(number) for number in house.sh("cat /root/acknowledged").split()]
    house.run("fingerctl", "backup", "/root/backup")
    setting.communicate("")
    after = len(house.sh("cat /root/acknowledged").split())
    house.report(f"{len(before)} sets were acknowledged before the backup began, {after} in all")
    assert after > len(before)

    assert "no such user" in answer(empty, "eve").lower()
    shutil.copy(house.root / "root/backup", empty.root / "root/backup")
    empty.run("fingerctl", "restore", "--yes", "/root/backup")
    people = [json.loads(line) for line in empty.sh("fingerctl user export").splitlines()]
    found = {person["login"]: person["status"]["text"] for person in people if person.get("status")}
    assert {f"person{number}": f"Number {number}" for number in before}.items() <= found.items()
    assert "Number 7" in empty.until("finger person7@localhost", "Number 7", 10)
    assert "UNIT=finger.service" in journal(empty, Event.RECORDS_RELOADED)
    assert journal(empty, Event.STORE_RESTORED)
    assert over_tcp(empty, "eve", "On another machine", token, user="nobody:nogroup").startswith("OK")


def test_the_manual(house: Machine) -> None:
    """Every example in fingerctl(1) does what it says, in the order in which they stand there."""
    house.sh("install -d -m 1777 /tmp/examples")
    for example in examples(MANUAL.read_text()):
        house.sh(f"cd /tmp/examples; {example.line}", user="root" if example.as_root else "cleo")
    manual = house.sh("zcat /usr/share/man/man1/fingerctl.1.gz")
    assert manual == MANUAL.read_text()


@pytest.mark.parametrize("shell", ["bash", "fish", "zsh"])
def test_completion(house: Machine, shell: str) -> None:
    """The packages bring what each shell completes fingerctl with, as the command itself says it."""
    paths = {
        "bash": "bash-completion/completions/fingerctl",
        "fish": "fish/vendor_completions.d/fingerctl.fish",
        "zsh": "zsh/vendor-completions/_fingerctl",
    }
    installed = house.sh(f"cat /usr/share/{paths[shell]}")
    assert "_FINGERCTL_COMPLETE" in installed
    assert installed == house.run("fingerctl", "completion", shell)


def test_no_traceback(house: Machine, empty: Machine) -> None:
    """Nothing of all this was a defect to any service."""
    for machine in (house, empty):
        assert "Traceback" not in machine.run("journalctl", "--boot", "--no-pager", "--output=cat")
