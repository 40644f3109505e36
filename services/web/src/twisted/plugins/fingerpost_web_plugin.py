"""Lets twistd find the web service."""

from fingerpost.ops.plugin import ServicePlugin

web = ServicePlugin("finger-web", "web", "fingerpost_web.tap", "Shows statuses on the web, and answers XML-RPC.")
