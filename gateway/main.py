"""The HTTP side of a platform: a page for people, health and metrics for machines, the key set.

It refuses nothing to anybody, so it shows nothing that is not for everybody.
"""

from __future__ import annotations

from http import HTTPStatus

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from chassis.health import check_all
from chassis.telemetry import CONTENT_TYPE as METRICS_CONTENT_TYPE
from gateway.documents import documents_in
from gateway.front import Front
from gateway.headers import SecurityHeaders
from gateway.page import FrontPage
from gateway.problems import failed, refused


def application(front: Front) -> Starlette:
    """The application that serves a platform's front."""
    routes = _Routes(front)
    served = Starlette(
        routes=[
            Route("/", routes.front_page),
            Route("/healthz", routes.health),
            Route("/metrics", routes.metrics),
            Route("/.well-known/jwks.json", routes.key_set),
            Route("/docs/{page:path}", routes.document),
        ],
        middleware=[Middleware(SecurityHeaders)],
        exception_handlers={HTTPException: refused, Exception: failed},
    )
    served.router.redirect_slashes = False
    return served


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
        parts = await check_all(self._front.checks)
        is_up = all(part.is_up for part in parts)
        body = {
            "status": "up" if is_up else "down",
            "parts": {
                part.part: {"status": "up"}
                if part.is_up
                else {"status": "down", "problem": part.problem}
                for part in parts
            },
        }
        return JSONResponse(body, HTTPStatus.OK if is_up else HTTPStatus.SERVICE_UNAVAILABLE)

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
