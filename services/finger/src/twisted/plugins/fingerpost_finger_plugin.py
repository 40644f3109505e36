"""Lets twistd find the finger service and the setter."""

from fingerpost.ops.plugin import ServicePlugin

finger = ServicePlugin("finger", "finger", "fingerpost_finger.tap", "Answers finger queries (RFC 1288).")
setter = ServicePlugin("finger-setter", "setter", "fingerpost_finger.setter.tap", "Lets people set their status.")
