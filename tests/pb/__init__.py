"""Tests of services/pb."""
