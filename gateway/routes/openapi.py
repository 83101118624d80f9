"""The OpenAPI 3.1 document of the bindings: what is served, said from the same descriptors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from buf.validate import validate_pb2
from chassis.rpc.access import rules_of as access_rules_of
from gateway.routes.bindings import REQUEST_ID, WHOLE_BODY, Binding
from gateway.routes.events import CONTENT_TYPE as EVENTS_TYPE
from gateway.routes.events import LAST_EVENT_ID
from gateway.routes.requests import IDEMPOTENCY_KEY
from gateway.routes.schemas import Schema, Schemas, is_required, rules_of
from gateway.routes.templates import ANY

Json = dict[str, Any]

_ABOUT = (
    "Every method of the platform's services over HTTP and JSON, with the same answers as over "
    "gRPC. 64-bit numbers are strings; amounts are in the smallest unit of their currency. "
    "A failure is a problem of RFC 9457 whose reason is stable. A call that changes something "
    "needs a request id, as the Idempotency-Key or in the body: a repeat gets the first answer."
)
_EVENTS = (
    "Server-sent events, one for each message: its place in the stream as the id, the message as "
    "JSON in the data. A stream that ends is resumed with the id seen last, until 204 is answered. "
    "An event named error has a Problem in its data and is the last one."
)
MESSAGE = "x-message"
"""What the data of an event is; OpenAPI 3.1 has no word of its own for it."""

_PROBLEM = "Problem"
_PROBLEM_SCHEMA: Schema = {
    "type": "object",
    "description": "Why a call failed, by RFC 9457.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "Names the kind of problem."},
        "title": {"type": "string", "description": "The same for all problems of the kind."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "What happened this time."},
        "code": {"type": "string", "description": "The canonical gRPC code."},
        "reason": {"type": "string", "description": "The stable reason to act upon."},
        "facts": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "The values behind the reason.",
        },
        "violations": {
            "type": "array",
            "description": "The fields that are wrong.",
            "items": {
                "type": "object",
                "required": ["field", "problem"],
                "properties": {"field": {"type": "string"}, "problem": {"type": "string"}},
            },
        },
        "traceId": {"type": "string", "description": "To be told to whoever runs the platform."},
    },
}


def openapi_of(bindings: Sequence[Binding], comments: Mapping[str, str]) -> Json:
    """The document; `comments` are the proto files' by full name."""
    schemas = Schemas(comments)
    paths: dict[str, Json] = {}
    for binding in bindings:
        path = _path(binding)
        operation = _operation(binding, schemas, comments)
        paths.setdefault(path, {})[binding.http_method.lower()] = operation
    services = dict.fromkeys(binding.method.containing_service for binding in bindings)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Hutong", "version": version("hutong"), "description": _ABOUT},
        "security": [{"bearer": []}],
        "tags": [
            {"name": service.name, "description": comments.get(service.full_name, "")}
            for service in services
        ],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
            "schemas": dict(sorted(schemas.named.items())) | {_PROBLEM: _PROBLEM_SCHEMA},
        },
    }


def _operation(binding: Binding, schemas: Schemas, comments: Mapping[str, str]) -> Json:
    method = binding.method
    comment = comments.get(method.full_name, "")
    callers = sorted({grant.role for grant in _rule(binding).grants})
    operation: Json = {
        "operationId": f"{method.containing_service.name}_{method.name}"
        + (f"_{binding.number + 1}" if binding.number else ""),
        "tags": [method.containing_service.name],
        "summary": comment.partition(". ")[0].removesuffix("."),
        "description": f"{comment}\n\nFor the roles {', '.join(callers)}.".strip(),
        "parameters": list(_parameters(binding, schemas)),
        "responses": _responses(binding, schemas),
    }
    if binding.body:
        content = {"application/json": {"schema": _body(binding, schemas)}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _rule(binding: Binding) -> Any:
    return access_rules_of(binding.method.containing_service)[binding.rpc_path]


def _responses(binding: Binding, schemas: Schemas) -> Json:
    kind = schemas.reference(binding.method.output_type)
    problem = {"schema": {"$ref": f"#/components/schemas/{_PROBLEM}"}}
    responses: Json
    if binding.is_stream:
        events = {EVENTS_TYPE: {"schema": {"type": "string"}, MESSAGE: kind}}
        responses = {
            "200": {"description": _EVENTS, "content": events},
            "204": {"description": "There is nothing to tell, and there never will be."},
        }
    else:
        reply = {"application/json": {"schema": kind}}
        responses = {"200": {"description": "The answer.", "content": reply}}
    if binding.is_read:
        responses["200"]["headers"] = {"ETag": {"schema": {"type": "string"}}}
        responses["304"] = {"description": "As it was when it was given the If-None-Match."}
    responses["default"] = {
        "description": "Why it failed.",
        "content": {"application/problem+json": problem},
    }
    return responses


def _body(binding: Binding, schemas: Schemas) -> Schema:
    kind = binding.method.input_type
    if binding.body == WHOLE_BODY:
        from_path = {variable.field[0] for variable in binding.template.variables}
        return schemas.message(kind, without=from_path, optional={REQUEST_ID})
    field = kind.fields_by_name[binding.body]
    # What the contract does not judge as a whole is what a mask picks from.
    is_partial = rules_of(field).ignore == validate_pb2.IGNORE_ALWAYS
    assert field.message_type is not None
    if is_partial:
        return schemas.message(field.message_type, all_optional=True)
    return schemas.reference(field.message_type)


def _parameters(binding: Binding, schemas: Schemas) -> Iterator[Json]:
    for name in _names(binding):
        if name is not None:
            schema = {"type": "string", "minLength": 1}
            yield {"name": name, "in": "path", "required": True, "schema": schema}
    for name, field in _query_fields(binding):
        schema = schemas.field(field)
        description = {"description": schema.pop("description", "")}
        yield {
            "name": name,
            "in": "query",
            "required": is_required(field),
            "schema": schema,
        } | description
    if binding.has_request_id:
        yield {
            "name": IDEMPOTENCY_KEY,
            "in": "header",
            "required": False,
            "schema": {"type": "string", "format": "uuid"},
            "description": "The request id, where the body does not say it.",
        }
    if binding.resumption is not None:
        position = binding.method.input_type.fields_by_name[binding.resumption.request_field]
        yield {
            "name": LAST_EVENT_ID,
            "in": "header",
            "required": False,
            "schema": schemas.field(position) | {"description": ""},
            "description": "The id of the event that was seen last, to be told what came after it.",
        }


def _query_fields(binding: Binding) -> Iterator[tuple[str, FieldDescriptor]]:
    if binding.body == WHOLE_BODY:
        return
    elsewhere = {binding.body, *(variable.field[0] for variable in binding.template.variables)}
    for field in binding.method.input_type.fields:
        if field.name not in elsewhere:
            yield field.json_name, field


def _path(binding: Binding) -> str:
    names = _names(binding)
    parts = [
        literal if name is None else f"{{{name}}}"
        for literal, name in zip(binding.template.segments, names, strict=True)
    ]
    verb = binding.template.verb
    return "/" + "/".join(parts) + (f":{verb}" if verb else "")


def _names(binding: Binding) -> list[str | None]:
    """What each segment of the path is called; None where it is a literal."""
    segments = binding.template.segments
    return [
        segments[position - 1].removesuffix("s") if segment == ANY else None
        for position, segment in enumerate(segments)
    ]
