"""The page on which a person says who they are. It needs no script and loads nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

from allinone.issuer.clients import source_of
from allinone.issuer.people import Group, Person
from allinone.issuer.requests import AuthorizationRequest
from gateway.headers import policy_with_style

AUTHORIZE = "/oauth/authorize"

_WEB = Path(__file__).parent / "web"
_FRONT_STYLE = Path(__file__).parents[2] / "gateway" / "web" / "front.css"
_CHINESE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")


class SignInPage:
    """Renders the page. Every value that is put into it is escaped."""

    def __init__(self) -> None:
        self._template = Template((_WEB / "sign_in.html").read_text(encoding="utf-8"))
        own = (_WEB / "sign_in.css").read_text(encoding="utf-8")
        self._style = _FRONT_STYLE.read_text(encoding="utf-8") + own
        self._policy = policy_with_style(self._style)

    def headers(self, request: AuthorizationRequest | None = None) -> Mapping[str, str]:
        """What goes with the page: its forms lead here, and from here to the client alone.

        Browsers tell us where a form was sent from, so that no other page can send it.
        """
        policy = self._policy
        if request is not None:
            allowed = f"form-action 'self' {source_of(request.address)}"
            policy = policy.replace("form-action 'none'", allowed)
        return {"content-security-policy": policy, "referrer-policy": "same-origin"}

    def asking(
        self,
        request: AuthorizationRequest,
        groups: Sequence[Group],
        *,
        looked_for: str,
        problem: str = "",
    ) -> str:
        """The page that asks who signs in."""
        client = escape(request.client)
        place = escape(urlsplit(request.address).netloc or urlsplit(request.address).scheme)
        told = f'<p class="problem" role="alert">{_text(problem)}</p>' if problem else ""
        hidden = _hidden(request.parameters)
        name = escape(request.login_hint)
        content = f"""<section>
      <h2>Who signs in?</h2>
      <p><b>{client}</b> at <code>{place}</code> will act as the person you choose.</p>
      {told}
      <form method="post" action="{AUTHORIZE}">
        {hidden}
        <label for="person">Name</label>
        <div class="row">
          <input id="person" name="person" value="{name}" autocomplete="username"
            autocapitalize="none" spellcheck="false" required>
          <button class="first">Sign in</button>
        </div>
      </form>
      <form method="get" action="{AUTHORIZE}" role="search">
        {hidden}
        <label for="find">Find somebody by name, role or store</label>
        <div class="row">
          <input id="find" name="find" type="search" value="{escape(looked_for)}">
          <button>Find</button>
        </div>
      </form>
    </section>
    <section>
      <h2>{"Found" if looked_for else "For example"}</h2>
      <form method="post" action="{AUTHORIZE}">
        {hidden}
        {_groups(groups)}
      </form>
    </section>
    <section>
      <form method="post" action="{AUTHORIZE}">
        {hidden}
        <button name="cancel" value="yes">Don't sign in</button>
      </form>
    </section>"""
        return self._filled("Sign in to Hutong", content)

    def refusal(self, problem: str) -> str:
        """The page for somebody whose app asked wrongly, and can't be told."""
        content = f"""<section>
      <h2>This sign-in can't go on</h2>
      <p class="problem" role="alert">{_text(problem)}</p>
      <p>The mistake is the app's that sent you here; go back to it, and tell its makers.</p>
    </section>"""
        return self._filled("This sign-in can't go on", content)

    def _filled(self, title: str, content: str) -> str:
        return self._template.substitute(title=title, style=self._style, content=content)


def _hidden(parameters: Mapping[str, str]) -> str:
    return "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in parameters.items()
    )


def _groups(groups: Sequence[Group]) -> str:
    if not groups:
        return "<p>Nobody. Try part of a name, such as c00 or manager.</p>"
    return "".join(map(_group, groups))


def _group(group: Group) -> str:
    more = f'<p class="soft">and {group.more} more; find them above</p>' if group.more else ""
    return (
        f'<div class="group"><h3>{_text(group.role)}</h3>'
        f"<ul>{_joined(map(_choice, group.people))}</ul>{more}</div>"
    )


def _choice(person: Person) -> str:
    name = escape(person.name)
    return (
        f'<li><button name="person" value="{name}"><b>{_text(person.name)}</b> '
        f"<span>{_text(person.note)}</span></button></li>"
    )


def _text(text: str) -> str:
    """Text with its Chinese marked as such, so that browsers and readers take it for Chinese."""
    return _CHINESE.sub(lambda run: f'<span lang="zh-Hans">{run[0]}</span>', escape(text))


def _joined(parts: Iterable[str]) -> str:
    return "".join(parts)
