"""Benchmarks, as ratios to something that runs beside: `python -m bench.finger`, `python -m bench.store`."""
