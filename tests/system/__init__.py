"""The packages on a booted Debian 13, with a real systemd: `make system-test`."""
