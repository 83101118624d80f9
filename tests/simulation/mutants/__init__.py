"""Planted defects: each shows that a check can fail.

A mutant is a small change to a platform that runs in the tests' process: a function or a statement
replaced, a constraint dropped from its databases. Nothing of it is in production code.
"""
