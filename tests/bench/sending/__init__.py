"""Requests that differ, sent for less than what they cost the server.

h2load is cheaper, but sends one body for ever, and an order that is asked for twice is sold once.
Here frames are put together by hand, in a process of its own: `python -m tests.bench.sending` reads
a Plan as JSON from standard input and writes a Report as JSON to standard output.
"""
