"""How payments is put together."""

from __future__ import annotations

from pathlib import Path

from chassis.app import Blueprint, Deps, Service
from chassis.rpc.server import Servicer
from hutong.payments.v1 import payments_service_pb2_grpc
from services.payments import convert
from services.payments.api import PaymentsApi
from services.payments.models import metadata
from services.payments.usecases import Payments


def build(deps: Deps) -> Service:
    """The service, with one lane for each hot step."""
    payments = Payments(
        database=deps.database,
        payment_changed=convert.payment_changed,
        wallet_topped_up=convert.wallet_topped_up,
    )
    takes = deps.lanes.lane("payments.take", payments.take)
    captures = deps.lanes.lane("payments.capture", payments.capture)
    voids = deps.lanes.lane("payments.void", payments.void)
    api = PaymentsApi(payments, takes=takes, captures=captures, voids=voids)
    return Service(
        name="payments",
        servicers=[
            Servicer(
                implementation=api,
                register=payments_service_pb2_grpc.add_PaymentsServiceServicer_to_server,
                service="hutong.payments.v1.PaymentsService",
            )
        ],
        closing=[takes.close, captures.close, voids.close],
    )


BLUEPRINT = Blueprint(
    name="payments",
    build=build,
    metadata=metadata,
    migrations=Path(__file__).parent / "migrations",
)
