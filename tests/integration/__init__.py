"""Tests with real processes, real sockets and the programs that people use."""
