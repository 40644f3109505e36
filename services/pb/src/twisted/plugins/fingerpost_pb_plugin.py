"""Lets twistd find the Perspective Broker service."""

from fingerpost.ops.plugin import ServicePlugin

pb = ServicePlugin("finger-pb", "pb", "fingerpost_pb.tap", "Tells statuses over Perspective Broker.")
