"""Stores all over China, in any number: a tenant of their own, spread as its people are.

The same stores every time for a number and a seed, and the first of them for a smaller number. They
have no goods: they are there to be found.
"""
