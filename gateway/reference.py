"""The API's reference as a page, rendered from its OpenAPI document. It needs no script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from gateway.headers import policy_with_style
from gateway.routes.events import CONTENT_TYPE as EVENTS_TYPE
from gateway.routes.openapi import MESSAGE

_WEB = Path(__file__).parent / "web"
_SCHEMAS = "#/components/schemas/"

Json = Mapping[str, Any]


class ReferencePage:
    """The page of one document. Every value that is put into it is escaped."""

    def __init__(self, document: Json) -> None:
        style = "".join(
            (_WEB / name).read_text(encoding="utf-8") for name in ("front.css", "reference.css")
        )
        self.content_security_policy = policy_with_style(style)
        self.html = Template((_WEB / "reference.html").read_text(encoding="utf-8")).substitute(
            style=style,
            title=escape(document["info"]["title"]),
            about=escape(document["info"]["description"]),
            services=_joined(_service(tag, document) for tag in document["tags"]),
            schemas=_joined(
                _schema(name, schema) for name, schema in document["components"]["schemas"].items()
            ),
        )


def _service(tag: Json, document: Json) -> str:
    operations = (
        _operation(method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if tag["name"] in operation["tags"]
    )
    return (
        f"<section><h2>{escape(tag['name'])}</h2><p>{escape(tag['description'])}</p>"
        f"{_joined(operations)}</section>"
    )


def _operation(method: str, path: str, operation: Json) -> str:
    said = [f"<p>{escape(operation['description'])}</p>"]
    if operation["parameters"]:
        said.append(_table("Parameter", map(_parameter, operation["parameters"])))
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        said.append(f"<p>Body: {_link(schema)}</p>" if "$ref" in schema else _fields(schema))
    said.append(f"<p>Answers {_answer(operation['responses']['200']['content'])}.</p>")
    return (
        f'<details id="{escape(operation["operationId"])}"><summary>'
        f'<span class="verb">{escape(method.upper())}</span> <code>{escape(path)}</code>'
        f'<span class="soft">{escape(operation["summary"])}</span></summary>'
        f"{_joined(said)}</details>"
    )


def _answer(content: Json) -> str:
    if EVENTS_TYPE in content:
        return f"events, each with {_link(content[EVENTS_TYPE][MESSAGE])}"
    return _link(content["application/json"]["schema"])


def _parameter(parameter: Json) -> str:
    kind = f"{_kind(parameter['schema'])}, in the {escape(parameter['in'])}"
    return _row(parameter["name"], kind, parameter.get("description", ""), parameter["required"])


def _schema(name: str, schema: Json) -> str:
    body = f"<p>{escape(schema.get('description', ''))}</p>"
    if "properties" in schema:
        body += _fields(schema)
    return (
        f'<details id="{escape(name)}"><summary><code>{escape(name)}</code></summary>'
        f"{body}</details>"
    )


def _fields(schema: Json) -> str:
    required = schema.get("required", ())
    rows = (
        _row(name, _kind(field), field.get("description", ""), name in required)
        for name, field in schema["properties"].items()
    )
    return _table("Field", rows)


def _table(title: str, rows: Iterable[str]) -> str:
    return f"<table><tr><th>{title}</th><th>Type</th><th></th></tr>{_joined(rows)}</table>"


def _row(name: str, kind: str, description: str, is_required: bool) -> str:
    mark = " <small>required</small>" if is_required else ""
    return (
        f"<tr><td><code>{escape(name)}</code>{mark}</td><td>{kind}</td>"
        f"<td>{escape(description)}</td></tr>"
    )


def _kind(schema: Json) -> str:
    """What a value is, as HTML: a link to a type of its own, or a simple type."""
    if "$ref" in schema:
        return _link(schema)
    if schema["type"] == "array":
        return f"list of {_kind(schema['items'])}"
    form = f" ({escape(schema['format'])})" if "format" in schema else ""
    return escape(schema["type"]) + form


def _link(schema: Json) -> str:
    name = schema["$ref"].removeprefix(_SCHEMAS)
    return f'<a href="#{escape(name)}">{escape(name.rpartition(".")[2])}</a>'


def _joined(pieces: Iterable[str]) -> str:
    return "\n".join(pieces)
