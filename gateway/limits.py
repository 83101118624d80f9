"""What one HTTP request may cost. Beyond a limit a request is refused, never cut."""

from __future__ import annotations

BODY_BYTES_MAX = 1024 * 1024
"""The size of a body, also after it was unpacked."""

BODY_SECONDS_MAX = 10.0
"""How long a body may take to arrive."""

JSON_DEPTH_MAX = 32
"""How many objects and arrays may be inside one another."""

DIGITS_MAX = 400
"""The length of a number's text."""

QUERY_BYTES_MAX = 8 * 1024
QUERY_PARAMETERS_MAX = 100
HEADER_BYTES_MAX = 16 * 1024

CALL_SECONDS_DEFAULT = 10.0
CALL_SECONDS_MAX = 60.0
CALLS_AT_ONCE_MAX = 512
"""Calls on their way to services; the next one is refused, and one that only reads sooner."""

GZIP_BYTES_MIN = 1400
"""Replies of so many bytes are packed for callers that take them packed.

Less fits into one packet anyway.
"""

BATCHES_AT_ONCE_MAX = 4
"""Batches of one method that are on their way to its service."""

BATCHES_APART_SECONDS = 0.008
"""So long after the last of them sets off one that found it on its way."""

ITEM_BYTES_MAX = 16 * 1024
BATCH_BYTES_MAX = 256 * 1024
"""What requests in a batch may weigh, each and together. A larger one is sent on its own.

An answer may be many times as large as its request, and a batch of them is one message.
"""

STREAMS_AT_ONCE_MAX = 2000
STREAMS_OF_ONE_CALLER_MAX = 32
"""Streams that are open, in all and for one token; the next one is refused."""

CONNECTIONS_MAX = 1000 + STREAMS_AT_ONCE_MAX
"""Connections of the HTTP server: so many for calls and pages, and one for each stream."""

STREAM_SECONDS_MAX = 3600.0
"""A stream ends after so long, and its reader resumes."""

STREAM_OPEN_SECONDS = 1.0
"""How long a failure may take to be answered as a problem. Then the stream has begun."""

STREAM_SEND_SECONDS_MAX = 30.0
"""How long a reader may take nothing of what was sent."""

HEARTBEAT_SECONDS = 15.0
"""A stream is silent for no longer, so that proxies and readers see that it lives."""

RECONNECT_MS = 1000
"""After which pause a reader is told to resume a stream that has ended."""

VIOLATIONS_MAX = 20
