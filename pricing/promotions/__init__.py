"""Promotions: which ones a basket gets, what they take off, and why others do not apply.

Pure, like all of pricing: the service, tills and tests compute the same from the same basket,
promotions and instant. docs/pricing.md states the algorithm, tests/golden/pricing has vectors that
other implementations can run.
"""
