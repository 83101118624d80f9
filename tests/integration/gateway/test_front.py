"""The HTTP side over real HTTP: what it shows, what it refuses, and how it starts and stops."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from html import unescape
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from chassis.http import Application, CannotListen, HttpPortInUse, HttpServer
from chassis.kernel.errors import Unavailable
from chassis.telemetry import Metrics
from gateway.front import CallShown, Front, PersonShown
from gateway.limits import CONNECTIONS_MAX
from gateway.main import application

KEYS = {"keys": [{"kid": "local-1", "kty": "OKP"}]}
OUTSIDE = "not for everybody"


def server_of(served: Application, *, host: str = "127.0.0.1", port: int = 0) -> HttpServer:
    return HttpServer(served, host=host, port=port, connections_max=CONNECTIONS_MAX)


async def answers() -> None:
    """A part that is up."""


async def does_not_answer() -> None:
    raise Unavailable(part="postgres")


async def hangs() -> None:
    await asyncio.sleep(60)


def repository(folder: Path) -> Path:
    """A repository's documentation, and files beside it that nobody should get."""
    docs = folder / "repository" / "docs"
    (docs / "decisions").mkdir(parents=True)
    (docs.parent / "README.md").write_text("# 胡同 Hutong\n\nRead me.\n")
    (docs.parent / "secret.md").write_text(OUTSIDE)
    (folder / "secret.md").write_text(OUTSIDE)
    (docs / "architecture.md").write_text("# The <floor> & the services\n")
    (docs / "untitled.md").write_text("no heading\n")
    (docs / "notes.txt").write_text(OUTSIDE)
    (docs / "decisions" / "0001-one-database.md").write_text("# One database\n")
    (docs / "linked.md").symlink_to(folder / "secret.md")
    return docs


@pytest.fixture
def front(tmp_path: Path) -> Front:
    return Front(
        services=["hutong.catalog.v1.CatalogService"],
        grpc_address="127.0.0.1:50051",
        http_address="http://127.0.0.1:8080",
        checks={"postgres": answers, "valkey": answers},
        metrics=Metrics(),
        docs_folder=repository(tmp_path),
        jwks=KEYS,
        people=[PersonShown("cashier-sh01-1", "cashier", "sells at till 1 of <静安寺店>")],
        calls=[
            CallShown(
                "Scan milk",
                "cashier-sh01-1",
                "hutong.catalog.v1.CatalogService/LookUpBarcode",
                '{"parent": "stores/sh01", "note": "it\'s"}',
            )
        ],
    )


Serve = Callable[[Front | Starlette], Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serves fronts on free ports; gives a client for each."""
    servers: list[HttpServer] = []
    clients: list[httpx.AsyncClient] = []

    async def start(served: Front | Starlette) -> httpx.AsyncClient:
        app = application(served) if isinstance(served, Front) else served
        servers.append(server_of(app))
        await servers[-1].start()
        clients.append(httpx.AsyncClient(base_url=f"http://127.0.0.1:{servers[-1].port}"))
        return clients[-1]

    yield start
    for client in clients:
        await client.aclose()
    for server in servers:
        await server.stop()


async def test_the_page_says_what_runs_and_what_to_try(serve: Serve, front: Front) -> None:
    answer = await (await serve(front)).get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = unescape(answer.text)
    assert "everything is up" in page
    assert "postgres: up" in page
    for shown in (
        front.grpc_address,
        front.http_address,
        *front.services,
        ".venv/bin/hutong token --as cashier-sh01-1",
        "http://127.0.0.1:50051/hutong.catalog.v1.CatalogService/LookUpBarcode",
    ):
        assert shown in page
    for link in ("/healthz", "/metrics", "/.well-known/jwks.json", "/docs/README.md"):
        assert f'href="{link}"' in page


async def test_values_on_the_page_are_escaped(serve: Serve, front: Front) -> None:
    page = (await (await serve(front)).get("/")).text
    assert "&lt;静安寺店&gt;" in page
    assert "The &lt;floor&gt; &amp; the services" in page
    assert "<静安寺店>" not in page


async def test_a_request_with_an_apostrophe_stays_one_argument_of_the_shell(
    serve: Serve, front: Front
) -> None:
    page = unescape((await (await serve(front)).get("/")).text)
    assert """-d '{"parent": "stores/sh01", "note": "it'"'"'s"}'""" in page


async def test_the_page_may_load_nothing_but_its_own_style(serve: Serve, front: Front) -> None:
    answer = await (await serve(front)).get("/")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "style-src 'sha256-" in policy
    assert "unsafe" not in policy
    assert "<script" not in answer.text
    assert "style=" not in answer.text
    assert 'src="' not in answer.text


async def test_a_bare_platform_has_a_page_without_people_calls_and_keys(
    serve: Serve, front: Front, tmp_path: Path
) -> None:
    bare = replace(front, jwks=None, people=(), calls=(), docs_folder=tmp_path / "none" / "docs")
    client = await serve(bare)
    page = (await client.get("/")).text
    for absent in ("Try it", "People", "Read</h2>", "jwks.json"):
        assert absent not in page
    assert (await client.get("/.well-known/jwks.json")).status_code == 404


async def test_a_part_that_is_down_is_shown_on_the_page(serve: Serve, front: Front) -> None:
    client = await serve(replace(front, checks={"postgres": does_not_answer, "valkey": answers}))
    answer = await client.get("/")
    assert answer.status_code == 200
    assert "1 of 2 parts down" in answer.text
    assert "postgres: down <small>Unavailable</small>" in answer.text


async def test_health_is_200_when_every_part_answers(serve: Serve, front: Front) -> None:
    answer = await (await serve(front)).get("/healthz")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {
        "status": "up",
        "parts": {"postgres": {"status": "up"}, "valkey": {"status": "up"}},
    }


async def test_health_is_503_when_a_part_does_not_answer_in_time(
    serve: Serve, front: Front
) -> None:
    client = await serve(replace(front, checks={"postgres": does_not_answer, "valkey": hangs}))
    answer = await client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "down",
        "parts": {
            "postgres": {"status": "down", "problem": "Unavailable"},
            "valkey": {"status": "down", "problem": "TimeoutError"},
        },
    }


async def test_metrics_are_in_prometheus_text_format(serve: Serve, front: Front) -> None:
    front.metrics.worker_failures.labels("orders.relay").inc()
    answer = await (await serve(front)).get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'hutong_worker_failures_total{worker="orders.relay"} 1.0' in answer.text


async def test_the_key_set_is_public(serve: Serve, front: Front) -> None:
    answer = await (await serve(front)).get("/.well-known/jwks.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == KEYS


async def test_documents_are_served_as_text(serve: Serve, front: Front) -> None:
    client = await serve(front)
    for name, start in {
        "README.md": "# 胡同 Hutong",
        "architecture.md": "# The <floor>",
        "untitled.md": "no heading",
        "decisions/0001-one-database.md": "# One database",
    }.items():
        answer = await client.get(f"/docs/{name}")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.text.startswith(start)


@pytest.mark.parametrize(
    "path",
    [
        "/docs/",
        "/docs/absent.md",
        "/docs/notes.txt",
        "/docs/linked.md",
        "/docs/../secret.md",
        "/docs/../../secret.md",
        "/docs/%2e%2e/secret.md",
        "/docs/..%2fsecret.md",
        "/docs/decisions/../../secret.md",
        "/docs/decisions",
        "/docs//etc/passwd",
        "/docs/%2fetc%2fpasswd",
        "/docs/README.md%00",
        "/docs/..\\secret.md",
    ],
)
async def test_nothing_but_documents_is_served(serve: Serve, front: Front, path: str) -> None:
    client = await serve(front)
    reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    assert answer.startswith("HTTP/1.1 404 ")
    assert OUTSIDE not in answer
    assert "root:" not in answer


async def test_an_unknown_path_is_a_404_problem(serve: Serve, front: Front) -> None:
    answer = await (await serve(front)).get("/v1/<nothing>")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "Nothing matches the given URI.",
    }


@pytest.mark.parametrize("path", ["/", "/healthz", "/metrics", "/docs/README.md"])
async def test_a_wrong_method_is_a_405_problem_that_names_the_right_ones(
    serve: Serve, front: Front, path: str
) -> None:
    answer = await (await serve(front)).post(path, json={})
    assert answer.status_code == 405
    assert answer.headers["content-type"] == "application/problem+json"
    assert {each.strip() for each in answer.headers["allow"].split(",")} == {"GET", "HEAD"}


async def test_what_breaks_inside_is_a_500_problem_that_tells_nothing(
    serve: Serve, front: Front
) -> None:
    async def breaks() -> None:
        raise ZeroDivisionError(OUTSIDE)

    answer = await (await serve(replace(front, checks={"postgres": breaks}))).get("/healthz")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.json()["status"] == 500
    assert OUTSIDE not in answer.text


@pytest.mark.parametrize("path", ["/", "/healthz", "/metrics", "/docs/README.md", "/absent"])
async def test_every_answer_has_the_security_headers_and_head_has_no_body(
    serve: Serve, front: Front, path: str
) -> None:
    answer = await (await serve(front)).head(path)
    assert answer.content == b""
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "server" not in answer.headers


async def test_a_port_in_use_is_one_line_that_says_what_to_set(front: Front) -> None:
    first = server_of(application(front))
    await first.start()
    second = server_of(application(front), port=first.port)
    with pytest.raises(HttpPortInUse, match="HUTONG_HTTP_PORT") as caught:
        await second.start()
    assert str(first.port) in str(caught.value)
    assert "\n" not in str(caught.value)
    await second.stop()
    await first.stop()


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
async def test_an_address_that_is_not_ours_is_refused_in_one_line(front: Front, host: str) -> None:
    with pytest.raises(CannotListen, match=host) as caught:
        await server_of(application(front), host=host).start()
    assert "\n" not in str(caught.value)


async def test_the_port_is_free_again_after_a_stop(front: Front) -> None:
    first = server_of(application(front))
    await first.start()
    await first.stop()
    second = server_of(application(front), port=first.port)
    await second.start()
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"http://127.0.0.1:{second.port}/healthz")
    await second.stop()
    assert answer.status_code == 200


async def test_signals_stay_with_the_process(front: Front) -> None:
    before = (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM))
    server = server_of(application(front))
    await server.start()
    during = (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM))
    await server.stop()
    assert during == before


async def test_a_stop_lets_the_request_in_flight_end(serve: Serve) -> None:
    arrived = asyncio.Event()

    async def slow(_: Request) -> Response:
        arrived.set()
        await asyncio.sleep(0.3)
        return PlainTextResponse("done")

    server = server_of(Starlette(routes=[Route("/", slow)]))
    await server.start()
    async with httpx.AsyncClient() as client:
        asking = asyncio.create_task(client.get(f"http://127.0.0.1:{server.port}/"))
        await arrived.wait()
        await server.stop()
        assert (await asking).text == "done"


async def test_a_silent_connection_does_not_hold_up_a_stop(front: Front) -> None:
    server = server_of(application(front))
    await server.start()
    with socket.create_connection(("127.0.0.1", server.port)) as silent:
        silent.sendall(b"GET / HTTP/1.1\r\nHost:")
        await asyncio.sleep(0.05)
        async with asyncio.timeout(3):
            await server.stop()


async def test_no_other_origin_may_call_unless_it_is_named(serve: Serve, front: Front) -> None:
    client = await serve(front)
    headers = {"origin": "https://shop.example", "access-control-request-method": "GET"}
    asked = await client.options("/healthz", headers=headers)
    answer = await client.get("/healthz", headers=headers)
    assert asked.status_code == 405
    for each in (asked, answer):
        assert "access-control-allow-origin" not in each.headers


async def test_a_platform_without_an_api_describes_none(serve: Serve, front: Front) -> None:
    client = await serve(front)
    for path in ("/openapi.json", "/docs"):
        assert (await client.get(path)).status_code == 404
    assert 'href="/openapi.json"' not in (await client.get("/")).text
