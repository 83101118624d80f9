"""Benchmarks: figures of the finished platform in real processes. They measure and assert no time.

`make bench` runs them all and writes build/bench.json.
"""
