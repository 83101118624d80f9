"""A gateway that is told to stop ends in the time that its supervisor gives it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import grpc
import pytest

from allinone.cluster.cluster import STOP_PATIENCE_SECONDS
from allinone.identity import Trust, own_issuer
from allinone.serving.edge import Edge
from allinone.topology import SERVICES, Settings, contract_of
from chassis.telemetry import Metrics
from tests.support.command import free_port
from tests.support.slow_service import SlowService

CATALOG = contract_of("catalog")


async def test_both_ports_drain_at_once_however_slow_the_services_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    service = SlowService(CATALOG)
    await service.start()
    monkeypatch.setenv("HUTONG_HTTP_PORT", str(free_port()))
    monkeypatch.setenv("HUTONG_GRPC_PORT", str(free_port()))
    settings = Settings.read()
    trust = Trust.of(settings, own_issuer(settings, tmp_path), redis=None)
    edge = Edge(
        settings,
        dict.fromkeys(SERVICES, service.address),
        trust=trust,
        redis=None,
        metrics=Metrics(),
        is_alone=True,
    )
    await edge.start()
    _, http = await asyncio.open_connection("127.0.0.1", settings.platform.http_port)
    http.write(b"GET /v1/products HTTP/1.1\r\nHost: x\r\n\r\n")
    async with grpc.aio.insecure_channel(settings.grpc_address) as channel:
        forwarding: Any = channel.unary_unary(f"/{CATALOG}/ListProducts")
        forwarded = forwarding(b"")
        await service.until_waiting(2)
        begun = time.monotonic()
        await edge.stop()
        assert time.monotonic() - begun < STOP_PATIENCE_SECONDS[0]
        with pytest.raises(grpc.aio.AioRpcError):
            await forwarded
    http.close()
    await service.until_waiting(0)
    await service.stop()
