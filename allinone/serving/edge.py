"""The gateway: HTTP with its API, pages and sign-in, and the health of all processes behind it."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Mapping, Sequence
from pathlib import Path

from redis.asyncio import Redis
from starlette.routing import BaseRoute

from allinone.demo.front import calls_shown, people_shown
from allinone.demo.people import PEOPLE
from allinone.identity import Trust
from allinone.issuer import Clients, People, Person
from allinone.issuer.sign_in import SignIn
from allinone.topology import WORKERS, Settings, contract_of
from chassis.app import Worker, Workers
from chassis.garbage import spare_what_stays
from chassis.health import Check, Lookout, PartHealth, redis_check
from chassis.http import HttpServer
from chassis.messaging.coalescer import Lanes
from chassis.rpc.probe import Probe
from chassis.telemetry import Metrics
from gateway.coalescing import Identity
from gateway.forwarding import Forwarding
from gateway.front import Front
from gateway.limits import CONNECTIONS_MAX
from gateway.main import application
from gateway.routes.api import Api
from gateway.upstream import Upstream

OPEN_FILES = 2 * CONNECTIONS_MAX
DOCS = Path(__file__).parents[2] / "docs"


class Edge:
    """The gateway before services at these addresses, by their names. `start` it, and `stop` it.

    Alone in a process it serves gRPC too, for callers who know one address only: it forwards their
    calls. Beside the services, they have that port themselves.
    """

    def __init__(
        self,
        settings: Settings,
        addresses: Mapping[str, str],
        *,
        trust: Trust,
        redis: Redis | None,
        metrics: Metrics,
        is_alone: bool,
    ) -> None:
        self._settings = settings
        self._addresses = addresses
        self._trust = trust
        self._redis = redis
        self._metrics = metrics
        self._is_alone = is_alone
        self._workers = Workers(metrics)
        self._probes: dict[str, Probe] = {}
        self._upstream: Upstream | None = None
        self._api: Api | None = None
        self._http: HttpServer | None = None
        self._forwarding: Forwarding | None = None
        self._is_ready = False

    async def start(self) -> None:
        """Takes the ports and serves, whether or not the services answer yet."""
        platform = self._settings.platform
        allow_open_files()
        self._probes = self._probes_of_processes()
        upstream = Upstream({contract_of(name): at for name, at in self._addresses.items()})
        self._upstream = upstream
        lanes = Lanes(self._metrics, platform.batch_items_max)
        api = Api(upstream, lanes, identity=self._identity())
        self._api = api
        http = HttpServer(
            application(
                self._front(),
                api,
                allowed_origins=platform.http_allowed_origins,
                more_routes=self._sign_in_routes(),
            ),
            host=platform.host,
            port=platform.http_port,
            connections_max=CONNECTIONS_MAX,
        )
        await http.start()
        self._http = http
        if self._is_alone:
            await self._start_alone(upstream)
            spare_what_stays()

    def set_ready(self, *, is_ready: bool) -> None:
        """What the gateway says of itself to whoever sends callers to it."""
        self._is_ready = is_ready

    async def stop(self) -> None:
        """Takes no more callers, and lets those in flight get their answers.

        Both ports drain at once, so that whoever started the process need not wait for their sum.
        """
        self.set_ready(is_ready=False)
        await asyncio.gather(self._stop_http(), self._stop_forwarding())
        await self._workers.stop()
        if self._upstream is not None:
            await self._upstream.close()
        for probe in self._probes.values():
            await probe.close()

    async def _stop_http(self) -> None:
        if self._api is not None:
            self._api.drain()
        if self._http is not None:
            await self._http.stop()
        if self._api is not None:
            await self._api.close()

    async def _stop_forwarding(self) -> None:
        if self._forwarding is not None:
            await self._forwarding.turn_away()
            await self._forwarding.stop()

    async def _start_alone(self, upstream: Upstream) -> None:
        forwarding = Forwarding(upstream)
        await forwarding.start(self._settings.grpc_address)
        self._forwarding = forwarding
        if self._trust.grants is not None:
            learning = Worker("sign-in.revocations", self._trust.grants.learn_revocations)
            self._workers.add(learning)

        async def tell(part: PartHealth) -> None:
            await forwarding.set_serving(contract_of(part.part), is_serving=part.is_up)

        checks = {name: self._probes[name].check for name in self._addresses}
        self._workers.add(Worker("health", Lookout(checks, tell=tell).round))
        self.set_ready(is_ready=True)

    def _probes_of_processes(self) -> dict[str, Probe]:
        probes = {
            name: Probe(name=name, address=address, service=contract_of(name))
            for name, address in self._addresses.items()
        }
        workers = self._settings.platform.workers_address
        if workers is not None:
            probes[WORKERS] = Probe(name=WORKERS, address=workers)
        return probes

    def _identity(self) -> Identity | None:
        """Who the gateway is when it vouches for callers; None if it is not to."""
        if not self._settings.platform.http_coalescing:
            return None
        return Identity(self._trust.authenticator, self._trust.service_token("gateway"))

    def _sign_in_routes(self) -> Sequence[BaseRoute]:
        """Where demo people sign in; nowhere if another issuer is configured."""
        issuer, grants = self._trust.issuer, self._trust.grants
        if issuer is None or grants is None:
            return ()
        clients = Clients.of(self._settings.platform.sign_in_clients)
        return tuple(SignIn(issuer, grants=grants, people=demo_people(), clients=clients).routes())

    def _front(self) -> Front:
        issuer = self._trust.issuer
        return Front(
            services=[contract_of(name) for name in self._addresses],
            grpc_address=self._settings.grpc_address,
            http_address=self._settings.http_address,
            checks=self._checks(),
            metrics=self._metrics,
            jwks=issuer.jwks() if issuer else None,
            docs_folder=DOCS,
            people=people_shown() if issuer else (),
            calls=calls_shown() if issuer else (),
            has_api=True,
            is_ready=lambda: self._is_ready,
        )

    def _checks(self) -> dict[str, Check]:
        checks: dict[str, Check] = {name: probe.check for name, probe in self._probes.items()}
        if self._redis is not None:
            checks["redis"] = redis_check(self._redis)
        return checks


def allow_open_files() -> None:
    """Lets the process hold what its connections need, where the system's usual limit is lower."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def demo_people() -> People:
    """The demo city's people, as those who can sign in here."""
    return People([Person(name=p.name, note=p.note, caller=p.caller) for p in PEOPLE])
