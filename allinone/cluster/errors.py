"""What can go wrong with the processes of a cluster, each told in one line."""

from __future__ import annotations

from allinone.embedded import EmbeddedError


class ProcessFailed(EmbeddedError):
    """A process ended before it answered, or did not answer in time.

    `is_refusal` says that it ended by itself: it would not do better the next time.
    """

    def __init__(self, name: str, reason: str, *, is_refusal: bool) -> None:
        super().__init__(f"{name} did not start: {reason}")
        self.is_refusal = is_refusal


class ProcessKeepsDying(EmbeddedError):
    """A process died again and again before it answered."""

    def __init__(self, name: str, starts: int, reason: str) -> None:
        super().__init__(
            f"{name} was started {starts} times and did not come up (last: {reason}): mend the "
            "cause that its log lines name, then start the platform again"
        )


class NotReady(EmbeddedError):
    """All processes run, but some are not ready to work."""

    def __init__(self, parts: str, seconds: float) -> None:
        super().__init__(f"not ready within {seconds:g} seconds: {parts}")


class PortTaken(EmbeddedError):
    """Another program listens where the gateway is to."""

    def __init__(self, address: str, setting: str) -> None:
        super().__init__(f"can't listen on {address}: the port is in use; set {setting} to another")
