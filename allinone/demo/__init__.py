"""The demo city: a chain of thirty stores in Shanghai, its goods, its people, and how it is filled.

The same data every time: no clock, no randomness. It reaches the platform through the public
contracts only, so that whatever it needs, any chain can do as well.
"""
