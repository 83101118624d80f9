"""The HTTP side of a platform: a page for people, health and metrics for machines, the key set.

The pages refuse nothing to anybody, so they show nothing that is not for everybody. Whether a call
of the API is allowed is for the services to say.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.health import check_all, report
from chassis.telemetry import CONTENT_TYPE as METRICS_CONTENT_TYPE
from gateway.answers import GZIP_LEVEL
from gateway.documents import documents_in
from gateway.front import Front
from gateway.headers import SecurityHeaders
from gateway.limits import GZIP_BYTES_MIN
from gateway.page import FrontPage
from gateway.problems import failed, refused
from gateway.reference import ReferencePage
from gateway.routes.api import TIMEOUT, Api
from gateway.routes.events import LAST_EVENT_ID
from gateway.routes.requests import IDEMPOTENCY_KEY

CROSS_ORIGIN_SECONDS = 600
"""How long a browser remembers what a page of another origin may do."""


def application(
    front: Front,
    api: Api | None = None,
    *,
    allowed_origins: Sequence[str] = (),
    more_routes: Sequence[BaseRoute] = (),
) -> ASGIApp:
    """The application that serves a platform's front and, if there is one, its API.

    `allowed_origins` are the web origins whose pages may call it: https://shop.example. None may
    unless it is named. `more_routes` are served beside, such as an issuer's.
    """
    pages = _pages(front, api, allowed_origins, more_routes)
    return pages if api is None else _Edge(pages, api, allowed_origins)


class _Edge:
    """Sends the API's requests to it past the layers that the pages need."""

    def __init__(self, pages: ASGIApp, api: Api, allowed_origins: Sequence[str]) -> None:
        self._prefixes = tuple(f"/{prefix}/" for prefix in api.prefixes)
        self._pages = pages
        self._api: ASGIApp = ServerErrorMiddleware(api, handler=failed)
        if allowed_origins:
            self._api = CORSMiddleware(self._api, **_cross_origin(allowed_origins))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_call = scope["type"] == "http" and scope["path"].startswith(self._prefixes)
        await (self._api if is_call else self._pages)(scope, receive, send)


def _pages(
    front: Front,
    api: Api | None,
    allowed_origins: Sequence[str],
    more_routes: Sequence[BaseRoute],
) -> Starlette:
    routes = _Routes(front)
    cross_origin = _cross_origin(allowed_origins)
    served = Starlette(
        routes=[
            *(() if api is None else _api_routes(api)),
            Route("/", routes.front_page),
            Route("/healthz", routes.health),
            Route("/readyz", routes.ready),
            Route("/metrics", routes.metrics),
            Route("/.well-known/jwks.json", routes.key_set),
            Route("/docs/{page:path}", routes.document),
            *more_routes,
        ],
        middleware=[
            Middleware(SecurityHeaders),
            *((Middleware(CORSMiddleware, **cross_origin),) if allowed_origins else ()),
            Middleware(GZipMiddleware, minimum_size=GZIP_BYTES_MIN, compresslevel=GZIP_LEVEL),
        ],
        exception_handlers={HTTPException: refused, Exception: failed},
    )
    served.router.redirect_slashes = False
    return served


def _api_routes(api: Api) -> Iterator[BaseRoute]:
    document = json.dumps(api.openapi, ensure_ascii=False, separators=(",", ":")).encode()
    page = ReferencePage(api.openapi)

    async def openapi(_: Request) -> Response:
        return Response(document, media_type="application/json")

    async def reference(_: Request) -> Response:
        return HTMLResponse(
            page.html, headers={"content-security-policy": page.content_security_policy}
        )

    yield Route("/openapi.json", openapi)
    yield Route("/docs", reference)


def _cross_origin(allowed_origins: Sequence[str]) -> dict[str, Any]:
    return {
        "allow_origins": allowed_origins,
        "allow_methods": ("GET", "POST", "PUT", "PATCH", "DELETE"),
        "allow_headers": (
            "Authorization",
            "Content-Type",
            "If-None-Match",
            IDEMPOTENCY_KEY,
            LAST_EVENT_ID,
            TIMEOUT,
        ),
        "expose_headers": ("ETag", "Retry-After"),
        "max_age": CROSS_ORIGIN_SECONDS,
    }


class _Routes:
    """The answers, one method a route."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._page = FrontPage(front)

    async def front_page(self, _: Request) -> Response:
        parts = await check_all(self._front.checks)
        documents = await run_in_threadpool(documents_in, self._front.docs_folder)
        return HTMLResponse(
            self._page.html(parts, documents),
            headers={"content-security-policy": self._page.content_security_policy},
        )

    async def health(self, _: Request) -> Response:
        told = report(await check_all(self._front.checks))
        is_up = told["status"] == "up"
        return JSONResponse(told, HTTPStatus.OK if is_up else HTTPStatus.SERVICE_UNAVAILABLE)

    async def ready(self, _: Request) -> Response:
        """Whether to send callers here, whatever the health of what is behind."""
        if not self._front.is_ready():
            return PlainTextResponse("not ready\n", HTTPStatus.SERVICE_UNAVAILABLE)
        return PlainTextResponse("ready\n")

    async def metrics(self, _: Request) -> Response:
        return Response(
            self._front.metrics.exposition(), headers={"content-type": METRICS_CONTENT_TYPE}
        )

    async def key_set(self, _: Request) -> Response:
        if self._front.jwks is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return JSONResponse(self._front.jwks, headers={"cache-control": "public, max-age=300"})

    def document(self, request: Request) -> Response:
        """Not a coroutine: Starlette runs it in a thread, where reading files holds nobody up."""
        wanted = request.path_params["page"]
        for document in documents_in(self._front.docs_folder):
            if document.name == wanted:
                return PlainTextResponse(document.file.read_bytes())
        raise HTTPException(HTTPStatus.NOT_FOUND)
