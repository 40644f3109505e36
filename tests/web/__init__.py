"""Tests of services/web."""
