"""The front page: what Hutong is, what runs here, and what to try first. It needs no script."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from string import Template

from chassis.health import PartHealth
from gateway.documents import Document
from gateway.front import CallShown, Front, PersonShown
from gateway.headers import policy_with_style

_WEB = Path(__file__).parent / "web"
_COMMAND = ".venv/bin/hutong"
_CALLER = ".venv/bin/buf curl"


class FrontPage:
    """Renders the page of one platform. Every value that is put into it is escaped."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._template = Template((_WEB / "front.html").read_text(encoding="utf-8"))
        self._style = (_WEB / "front.css").read_text(encoding="utf-8")

    @property
    def content_security_policy(self) -> str:
        """Nothing may be loaded; of styles, only the page's own."""
        return policy_with_style(self._style)

    def html(self, parts: Sequence[PartHealth], documents: Sequence[Document]) -> str:
        """The page with the health of now."""
        front = self._front
        down = sum(not part.is_up for part in parts)
        return self._template.substitute(
            style=self._style,
            state=f"{down} of {len(parts)} parts down" if down else "everything is up",
            state_class=_state_class(is_up=not down),
            parts=_joined(map(_part, parts)),
            grpc_address=escape(front.grpc_address),
            http_address=escape(front.http_address),
            key_set_link=(
                "" if front.jwks is None else ' <a href="/.well-known/jwks.json">key set</a>'
            ),
            api_links=(
                ' <a href="/docs">API</a> <a href="/openapi.json">OpenAPI</a>'
                if front.has_api
                else ""
            ),
            services=_joined(f"<li><code>{escape(name)}</code></li>" for name in front.services),
            trying=_trying(front.calls, front.grpc_address),
            people=_people(front.people),
            documents=_documents(documents),
        )


def _part(part: PartHealth) -> str:
    problem = f" <small>{escape(part.problem)}</small>" if part.problem else ""
    word = _state_class(is_up=part.is_up)
    return f'<li class="{word}">{escape(part.part)}: {word}{problem}</li>'


def _state_class(*, is_up: bool) -> str:
    return "up" if is_up else "down"


def _trying(calls: Sequence[CallShown], grpc_address: str) -> str:
    if not calls:
        return ""
    token = f"{_COMMAND} token --as {shlex.quote(calls[0].person)}"
    return (
        "<section><h2>Try it</h2>"
        "<p>A call needs a token, and a token is somebody's. This prints one:</p>"
        f"<pre><code>{escape(token)}</code></pre>"
        "<p>The calls go by reflection, through <code>buf</code>, which <code>make run</code> "
        "brings. One click marks a whole command.</p>"
        f"{_joined(_call(call, grpc_address) for call in calls)}</section>"
    )


def _call(call: CallShown, grpc_address: str) -> str:
    command = (
        f"{_CALLER} --protocol grpc --http2-prior-knowledge \\\n"
        f'  -H "Authorization: Bearer $({_COMMAND} token --as {shlex.quote(call.person)})" \\\n'
        f"  -d {shlex.quote(call.request)} \\\n"
        f"  {shlex.quote(f'http://{grpc_address}/{call.method}')}"
    )
    return (
        f'<h3>{escape(call.title)} <span class="soft">as {escape(call.person)}</span></h3>'
        f"<pre><code>{escape(command)}</code></pre>"
    )


def _people(people: Sequence[PersonShown]) -> str:
    if not people:
        return ""
    roles = dict.fromkeys(each.role for each in people)
    groups = (_people_of_role(role, [p for p in people if p.role == role]) for role in roles)
    return (
        "<section><h2>People of the demo city</h2>"
        f"<p>For each of them <code>{_COMMAND} token --as NAME</code> prints a token.</p>"
        f"{_joined(groups)}</section>"
    )


def _people_of_role(role: str, people: Sequence[PersonShown]) -> str:
    rows = (
        f"<tr><td><code>{escape(each.name)}</code></td><td>{escape(each.note)}</td></tr>"
        for each in people
    )
    return (
        f"<details><summary>{escape(role)} <small>{len(people)}</small></summary>"
        f"<table>{_joined(rows)}</table></details>"
    )


def _documents(documents: Sequence[Document]) -> str:
    if not documents:
        return ""
    links = (
        f'<li><a href="/docs/{escape(each.name)}">{escape(each.title)}</a></li>'
        for each in documents
    )
    return f'<section><h2>Read</h2><ul class="documents">{_joined(links)}</ul></section>'


def _joined(pieces: Iterable[str]) -> str:
    return "\n".join(pieces)
