"""The one mapping between errors and google.rpc.Status, both ways."""

from __future__ import annotations

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from chassis.kernel.errors import RETRY_AFTER_MS, ErrorKind, HutongError

DOMAIN = "hutong.dev"
"""The domain of our reasons in ErrorInfo."""

STATUS_DETAILS_KEY = "grpc-status-details-bin"

TEXT_CHARACTERS_MAX = 200
"""What is told of one text: callers refuse trailers of more than a few kilobytes."""

_WORTH_A_RETRY = frozenset({ErrorKind.ABORTED, ErrorKind.UNAVAILABLE})
"""Kinds that pass by themselves; an overload says how long to wait."""

_CODES: dict[ErrorKind, grpc.StatusCode] = {kind: grpc.StatusCode[kind.value] for kind in ErrorKind}
_KINDS = {code.value[0]: kind for kind, code in _CODES.items()}


def to_status(error: HutongError) -> status_pb2.Status:
    """The error as it goes over the wire, in the same bytes each time."""
    status = status_pb2.Status(code=_CODES[error.kind].value[0], message=_cut(error.text))
    facts = {name: _cut(value) for name, value in error.facts.items()}
    status.details.append(
        _packed(error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=facts))
    )
    if error.violations:
        status.details.append(
            _packed(
                error_details_pb2.BadRequest(
                    field_violations=[
                        error_details_pb2.BadRequest.FieldViolation(
                            field=_cut(field), description=_cut(problem)
                        )
                        for field, problem in error.violations
                    ]
                )
            )
        )
    if error.kind in _WORTH_A_RETRY or "retry_after_ms" in error.facts:
        delay_ms = int(error.facts.get("retry_after_ms", RETRY_AFTER_MS))
        delay = duration_pb2.Duration()
        delay.FromMilliseconds(delay_ms)
        status.details.append(_packed(error_details_pb2.RetryInfo(retry_delay=delay)))
    return status


def code_of(error: HutongError) -> grpc.StatusCode:
    """The canonical code of the error's kind."""
    return _CODES[error.kind]


def from_status(status: status_pb2.Status) -> HutongError:
    """The error that another process put on the wire: same kind, reason, text and facts."""
    info = error_details_pb2.ErrorInfo()
    request = error_details_pb2.BadRequest()
    for detail in status.details:
        if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
            detail.Unpack(info)
        elif detail.Is(error_details_pb2.BadRequest.DESCRIPTOR):
            detail.Unpack(request)
    kind = _KINDS.get(status.code, ErrorKind.INTERNAL)
    return HutongError.rebuilt(
        kind=kind,
        reason=info.reason or kind.value,
        text=status.message,
        facts=dict(info.metadata),
        violations=tuple((v.field, v.description) for v in request.field_violations),
    )


def from_rpc_error(error: grpc.aio.AioRpcError, *, part: str) -> HutongError:
    """What a failed call means: the status that was sent, or that the part could not be reached.

    Our servers send details with every error: a code without them is the transport's, and INTERNAL
    or UNKNOWN from it is a connection that was cut.
    """
    for key, value in error.trailing_metadata() or ():
        if key == STATUS_DETAILS_KEY and isinstance(value, bytes):
            return from_status(status_pb2.Status.FromString(value))
    kind = _KINDS.get(error.code().value[0], ErrorKind.UNAVAILABLE)
    if kind is ErrorKind.INTERNAL:
        kind = ErrorKind.UNAVAILABLE
    return HutongError.rebuilt(
        kind=kind, reason=kind.value, text=f"{part} does not answer", facts={"part": part}
    )


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_CHARACTERS_MAX else f"{text[: TEXT_CHARACTERS_MAX - 1]}…"


def _packed(message: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message, deterministic=True)
    return packed
