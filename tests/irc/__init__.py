"""Tests of services/irc."""
