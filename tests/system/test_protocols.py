"""The other protocols on the same machine, with the clients that people have."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.system.machine import Machine

pytestmark = pytest.mark.system

SAMPLE = Path(__file__).parents[2] / "docs" / "sample"

# A certificate for this machine, and its key where only systemd can read it.
CERTIFICATE = """
install -d -m 700 /etc/credstore
umask 077
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout /etc/credstore/finger-web.tls.key -out /tmp/tls.crt
install -m 644 /tmp/tls.crt /etc/fingerpost/tls.crt
"""

XMLRPC = "from xmlrpc.client import ServerProxy; print(ServerProxy('http://localhost/RPC2').getUser('moshez'))"

IRCD = """
[Global]
Name = irc.localhost
Info = A server for tests
AdminEMail = admin@localhost
Listen = 127.0.0.1
Ports = 6667
[Limits]
MaxConnectionsIP = 0
MaxNickLength = 30
[Options]
DNS = no
Ident = no
PAM = no
[SSL]
CertFile = /etc/ngircd/tls.crt
KeyFile = /etc/ngircd/tls.key
Ports = 6697
"""

BOT = """
networks:
  - {name: here, server: 127.0.0.1, ca: /etc/fingerpost/tls.crt, channels: [{name: "#test"}]}
"""

# Somebody on IRC who asks the bot until it has an answer.
PERSON = r"""
import socket, time
with socket.create_connection(("127.0.0.1", 6667), 30) as person:
    person.sendall(b"NICK ada\r\nUSER ada 0 * :Ada\r\n")
    heard, end = b"", time.monotonic() + 30
    asked = 0.0
    while b"Status of" not in heard and time.monotonic() < end:
        if time.monotonic() - asked > 2:
            person.sendall(b"PRIVMSG fingerpost :moshez\r\n")
            asked = time.monotonic()
        person.settimeout(1)
        try:
            heard += person.recv(4096)
        except TimeoutError:
            pass
print(heard.decode())
"""


def test_web(machine: Machine) -> None:
    """The first request starts the web service, which shows who says what, over IPv4 and IPv6."""
    assert machine.state("finger-web.service") == "inactive"
    assert "Happy and well" in machine.run("curl", "-sSm", "20", "http://localhost/")
    assert "Happy and well" in machine.run("curl", "-sSm", "20", "http://[::1]/")
    assert "Happy and well" in machine.run("curl", "-sSm", "20", "http://127.0.0.1/")
    assert machine.run("python3", "-c", XMLRPC) == "Happy and well\n"


def test_https(machine: Machine) -> None:
    """HTTPS needs a key that only systemd can read, one line of configuration, and the second socket."""
    assert machine.state("finger-web-tls.socket") == "inactive"
    machine.sh(CERTIFICATE)
    machine.put("/etc/fingerpost/web.yaml", 'tls: {certificate: /etc/fingerpost/tls.crt, key: "credential:tls.key"}\n')
    machine.run("systemctl", "enable", "finger-web-tls.socket")
    machine.run("systemctl", "stop", "finger-web.service", "finger-web.socket")
    machine.run("systemctl", "start", "finger-web.socket", "finger-web-tls.socket")
    trusting = ("curl", "-sSm", "20", "--cacert", "/etc/fingerpost/tls.crt")
    assert "Happy and well" in machine.run(*trusting, "https://localhost/")
    assert "Happy and well" in machine.run("curl", "-sSm", "20", "http://localhost/")
    assert machine.run("stat", "--format=%U %a", "/etc/credstore/finger-web.tls.key") == "root 600\n"


def test_a_closed_port_stays_closed(machine: Machine) -> None:
    """A port whose socket is masked stays closed, and what else its service serves goes on; unmasked, it is back."""
    machine.run("systemctl", "mask", "--now", "finger-web.socket")
    trusting = ("curl", "-sSm", "20", "--cacert", "/etc/fingerpost/tls.crt")
    for _ in range(2):
        assert "Happy and well" in machine.run(*trusting, "https://localhost/")
        assert "Failed to connect" in machine.run("curl", "-sSm", "20", "http://localhost/", check=False)
    machine.sh("systemctl unmask finger-web.socket; systemctl stop finger-web.service finger-web-tls.socket")
    machine.run("systemctl", "start", "finger-web.socket")
    assert "Happy and well" in machine.run("curl", "-sSm", "20", "http://localhost/")
    machine.becomes("finger-web.service", "active")
    assert "Failed to connect" in machine.run(*trusting, "https://localhost/", check=False)
    assert "systemd passed no such socket" in machine.journal("finger-web")
    machine.sh("systemctl stop finger-web.service; systemctl start finger-web-tls.socket")
    machine.run("systemctl", "restart", "finger-web-tls.socket")
    for address in ("http://localhost/", "https://localhost/"):
        assert "Happy and well" in machine.run(*trusting, address)


def test_fingerctl_without_the_setters_port(machine: Machine) -> None:
    """Whoever closes the setter's port keeps `fingerctl` for people, which does not open it again."""
    machine.run("systemctl", "mask", "--now", "finger-setter.socket")
    machine.run("fingerctl", "--socket", "/run/fingerpost/user.sock", "status", "set", "Still here")
    assert machine.state("finger-setter.socket") == "inactive"
    assert "1079" not in machine.run("ss", "-Hltn")
    machine.run("systemctl", "unmask", "finger-setter.socket")
    machine.run("systemctl", "restart", "finger-setter.socket")
    assert "1079" in machine.run("ss", "-Hltn")
    assert "OK root" in machine.sh("printf 'root\\nBack\\n' | nc -NU /run/fingerpost/set.sock")


def test_perspective_broker(machine: Machine) -> None:
    """The sample client of the documentation is answered on port 8889."""
    machine.put("/root/pbclient.py", (SAMPLE / "pbclient.py").read_text())
    asking = "timeout 5 python3 /root/pbclient.py tcp:127.0.0.1:8889 moshez"
    printed = machine.sh(asking, check=False)
    assert "getUser: Happy and well" in printed
    assert "moshez says: Happy and well" in printed


def test_irc(machine: Machine) -> None:
    """The bot connects over TLS to Debian's ngircd, answers who asks, and is off until it is enabled."""
    assert machine.run("systemctl", "is-enabled", "finger-irc", check=False).strip() == "disabled"
    assert machine.state("finger-irc.service") == "inactive"
    machine.put("/etc/ngircd/ngircd.conf", IRCD)
    machine.sh(
        "install -m 644 /etc/fingerpost/tls.crt /etc/ngircd/tls.crt;"
        "install -m 640 -g irc /etc/credstore/finger-web.tls.key /etc/ngircd/tls.key; systemctl restart ngircd"
    )
    machine.put("/etc/fingerpost/irc.yaml", BOT)
    machine.run("systemctl", "enable", "--now", "finger-irc")
    assert "Status of moshez: Happy and well" in machine.run("python3", "-c", PERSON)


def test_all_is_well(machine: Machine) -> None:
    """After all that, systemd says that the machine runs, and no service has printed a traceback."""
    assert machine.run("systemctl", "is-system-running").strip() == "running"
    for name in ("finger", "finger-store", "finger-web", "finger-pb", "finger-irc"):
        assert "Traceback" not in machine.journal(f"{name}.service")


def test_reboot(machine: Machine) -> None:
    """After a reboot everything that was enabled is back: HTTP, HTTPS, and the bot."""
    machine.reboot()
    assert "Happy and well" in machine.run(
        "curl", "-sSm", "20", "--cacert", "/etc/fingerpost/tls.crt", "https://localhost/"
    )
    assert "Happy and well" in machine.run("curl", "-sSm", "20", "http://localhost/")
    assert "Status of moshez: Happy and well" in machine.run("python3", "-c", PERSON)
