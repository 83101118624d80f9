"""Some services in this process: what they answer over gRPC, and their share of background work.

Services call one another over real gRPC, also those of one process, through its own port, so that
there is no second way for a call to go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from redis.asyncio import Redis

from allinone.identity import Trust
from allinone.topology import Settings, contract_of
from chassis.app import Blueprint, Deps, Service, Share, Worker, Workers
from chassis.db.engine import Database
from chassis.garbage import spare_what_stays
from chassis.health import Check, Lookout, PartHealth, database_check
from chassis.kernel.clock import SystemClock
from chassis.messaging.coalescer import Lanes
from chassis.rpc.client import Peer
from chassis.rpc.server import RpcServer
from chassis.settings import SettingsError
from chassis.telemetry import Metrics


class AddressMissing(SettingsError):
    """A service is needed that is not in this process, and nobody says where it is."""

    def __init__(self, service: str) -> None:
        super().__init__(
            f"HUTONG_{service.upper()}_ADDRESS: say where {service} is reached by gRPC, "
            "since it is not in this process"
        )


class Services:
    """The services of these blueprints. `start` them, and `stop` them.

    With the detached share alone they answer no calls, but for their health.
    """

    def __init__(
        self,
        settings: Settings,
        blueprints: Sequence[Blueprint],
        *,
        urls: Mapping[str, str],
        redis: Redis,
        trust: Trust,
        metrics: Metrics,
        share: Share = Share.ALL,
    ) -> None:
        self._settings = settings
        self._blueprints = blueprints
        self._redis = redis
        self._trust = trust
        self._metrics = metrics
        self._share = share
        self._databases = {
            plan.name: Database(
                urls[plan.name],
                name=plan.name,
                metrics=metrics,
                connections_max=settings.services[plan.name].database_connections_max,
            )
            for plan in blueprints
        }
        self._lookout = Lookout(self.checks, tell=self._tell)
        self._services: list[Service] = []
        self._peers: list[Peer] = []
        self._workers = Workers(metrics)
        self._rpc: RpcServer | None = None

    @property
    def checks(self) -> dict[str, Check]:
        """Asks each service's database, by the service's name."""
        return {name: database_check(database) for name, database in self._databases.items()}

    @property
    def is_ready(self) -> bool:
        """Whether callers should come: every service can do its work."""
        return self._rpc is not None and self._lookout.is_up

    async def start(self) -> None:
        """Serves, and works in the background; ready as soon as the databases answer."""
        deps = {plan.name: self._deps(plan.name) for plan in self._blueprints}
        self._services = [plan.build(deps[plan.name]) for plan in self._blueprints]
        is_served = self._share is not Share.DETACHED
        rpc = RpcServer(
            [each for service in self._services for each in service.servicers if is_served],
            authenticator=self._trust.authenticator,
            metrics=self._metrics,
            engine=self._settings.platform.grpc_server,
            calls_at_once_max=self._settings.platform.calls_at_once_max,
        )
        await rpc.start(self._settings.grpc_address)
        self._rpc = rpc
        for service in self._services:
            self._workers.start(service, deps[service.name], share=self._share)
        if self._trust.grants is not None:
            learning = Worker("sign-in.revocations", self._trust.grants.learn_revocations)
            self._workers.add(learning)
        spare_what_stays()
        await self._lookout.look()
        self._workers.add(Worker("health", self._lookout.round))

    async def stop(self) -> None:
        """Lets what is in flight end, then stops everything in reverse order."""
        if self._rpc is not None:
            await self._rpc.turn_away()
        await self._workers.stop()
        for service in self._services:
            for closing in service.closing:
                await closing()
        if self._rpc is not None:
            await self._rpc.stop()
            self._rpc = None
        for peer in self._peers:
            await peer.close()
        for database in self._databases.values():
            await database.close()

    async def _tell(self, part: PartHealth) -> None:
        if self._rpc is not None:
            await self._rpc.set_serving(contract_of(part.part), is_serving=part.is_up)
            await self._rpc.set_serving("", is_serving=self._lookout.is_up)

    def _deps(self, service: str) -> Deps:
        token = self._trust.service_token(service)

        def peer(name: str) -> Peer:
            made = Peer(name=name, address=self._address(name), token=token)
            self._peers.append(made)
            return made

        return Deps(
            database=self._databases[service],
            redis=self._redis,
            clock=SystemClock(),
            metrics=self._metrics,
            peer=peer,
            lanes=Lanes(self._metrics, self._settings.platform.batch_items_max),
        )

    def _address(self, name: str) -> str:
        """Where a service is reached: as the settings say, or else at this process's own port."""
        address = self._settings.services[name].address
        if address is not None:
            return address
        if self._share is Share.DETACHED or name not in self._databases:
            raise AddressMissing(name)
        return self._settings.grpc_address
