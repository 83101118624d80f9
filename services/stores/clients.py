"""The index of positions in Redis: a geo set a tenant, and the version of each store in it.

A marker says that the set is whole; it goes when Redis is emptied, since it lies beside the set.
All keys of a tenant have its name as their hash tag, so that they stay together in a cluster.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chassis.kernel import ids
from chassis.kernel.errors import Unavailable
from chassis.kernel.geo import E7_PER_DEGREE, Position, sphere_metres
from chassis.kernel.names import StoreId, qualified, unqualified
from chassis.telemetry import Metrics
from services.stores.ports import Near, Place

INDEX_LATITUDE_E7_MAX = 85 * E7_PER_DEGREE
"""Redis squares the earth up to 85.05 degrees."""

ATTEMPT_SECONDS_MAX = 300
"""A rebuilding that takes longer has died."""

INDEX_ERROR = 0.007
"""How far, as a share of it, a distance in Redis may be from that over the ellipsoid: SPHERE_ERROR,
and Redis' radius of the earth, 6,372,797.56 m, which is 0.03 percent above the mean."""

CELL_METRES = 1.0
"""Redis keeps the cell of a position, which is 0.6 m by 0.3 m at the most."""

# KEYS: positions, versions. ARGV: id, version, longitude, latitude, again and again.
_PUT = """
for i = 1, #ARGV, 4 do
  local known = redis.call('HGET', KEYS[2], ARGV[i])
  if not known or tonumber(known) < tonumber(ARGV[i + 1])
     or not redis.call('ZSCORE', KEYS[1], ARGV[i]) then
    redis.call('GEOADD', KEYS[1], ARGV[i + 2], ARGV[i + 3], ARGV[i])
    redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
  end
end
"""

# KEYS: attempt, marker.
_FINISH = """
if redis.call('DEL', KEYS[1]) == 0 then return 0 end
redis.call('SET', KEYS[2], ARGV[1])
return 1
"""


class RedisStoreIndex:
    """The index over one Redis."""

    def __init__(self, redis: Redis, *, metrics: Metrics) -> None:
        self._redis = redis
        self._search_seconds = metrics.redis_seconds.labels("store_search")
        self._put_seconds = metrics.redis_seconds.labels("store_put")

    async def within(
        self, tenant: str, centre: Position, *, radius_metres: float
    ) -> Sequence[Near] | None:
        """At least all stores in the circle, the nearest first; None if the index is not whole."""
        searched = _searchable(centre)
        aside = sphere_metres(centre, searched)
        begun = time.perf_counter()
        with _as_unavailable():
            pipeline = self._redis.pipeline(transaction=True)
            pipeline.get(_key(tenant, "whole"))
            pipeline.geosearch(
                _key(tenant, "positions"),
                longitude=searched.longitude_degrees,
                latitude=searched.latitude_degrees,
                radius=radius_metres * (1 + INDEX_ERROR) + CELL_METRES + aside,
                unit="m",
                sort="ASC",
                withdist=True,
            )
            marker, hits = await pipeline.execute()
        self._search_seconds.observe(time.perf_counter() - begun)
        if marker is None:
            return None
        return [
            Near(
                store=StoreId(qualified(tenant, member.decode())),
                metres_least=(metres - aside) * (1 - INDEX_ERROR) - CELL_METRES,
                metres_most=(metres + aside) * (1 + INDEX_ERROR) + CELL_METRES,
            )
            for member, metres in hits
        ]

    async def is_whole(self, tenant: str) -> bool:
        """Whether all stores of a tenant are in the index, but for those that changed just now."""
        with _as_unavailable():
            return bool(await self._redis.exists(_key(tenant, "whole")))

    async def put(self, tenant: str, places: Sequence[Place]) -> None:
        """Notes where stores are; a version older than the one it has changes nothing."""
        if not places:
            return
        arguments: list[str] = []
        for place in places:
            arguments += [
                unqualified(place.store),
                str(place.version),
                f"{place.position.longitude_degrees:.7f}",
                f"{place.position.latitude_degrees:.7f}",
            ]
        begun = time.perf_counter()
        await self._run(_PUT, [_key(tenant, "positions"), _key(tenant, "versions")], arguments)
        self._put_seconds.observe(time.perf_counter() - begun)

    async def begin(self, tenant: str) -> str:
        """Announces that all stores of a tenant are about to be put; the name of the attempt."""
        attempt = ids.mint("build")
        with _as_unavailable():
            await self._redis.set(_key(tenant, attempt), "1", ex=ATTEMPT_SECONDS_MAX)
        return attempt

    async def finish(self, tenant: str, attempt: str) -> bool:
        """Declares the index whole, unless it was emptied since the attempt began."""
        keys = [_key(tenant, attempt), _key(tenant, "whole")]
        return bool(await self._run(_FINISH, keys, [attempt]))

    async def _run(self, script: str, keys: list[str], arguments: list[str]) -> Any:
        with _as_unavailable():
            return await self._redis.eval(script, len(keys), *keys, *arguments)


def _key(tenant: str, part: str) -> str:
    return f"hutong:stores:{{{tenant}}}:{part}"


def _searchable(centre: Position) -> Position:
    """The position, or the nearest one of its meridian that the index can search from."""
    latitude_e7 = max(-INDEX_LATITUDE_E7_MAX, min(INDEX_LATITUDE_E7_MAX, centre.latitude_e7))
    return Position(latitude_e7, centre.longitude_e7)


@contextmanager
def _as_unavailable() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as problem:
        raise Unavailable(part="the index of stores") from problem
