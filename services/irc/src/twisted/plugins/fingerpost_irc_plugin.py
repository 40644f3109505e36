"""Lets twistd find the IRC bot."""

from fingerpost.ops.plugin import ServicePlugin

irc = ServicePlugin("finger-irc", "irc", "fingerpost_irc.tap", "Tells statuses on IRC, and announces new ones.")
