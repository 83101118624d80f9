"""The table of bad input, the part about barcodes, positions and times."""

from __future__ import annotations

import math
from collections.abc import Iterator

from google.protobuf.timestamp_pb2 import Timestamp

from hutong.catalog.v1 import catalog_pb2
from hutong.catalog.v1 import catalog_service_pb2 as catalog
from tests.contract.bad_input_stage import (
    Case,
    created,
    given,
    invalid,
    priced,
    quoted,
)
from tests.integration.stores.chains import closing, looking, position
from tests.support.shop import (
    CASHIER,
    STORE,
    delivery,
    door,
    wanted,
    yuan,
)

YEAR_9999 = 253_402_300_799
BAD_CHECK_DIGIT = "6901234567891"


def cases() -> Iterator[Case]:
    """All of them."""
    yield from _codes_and_places()
    yield from _times()


def _codes_and_places() -> Iterator[Case]:
    yield Case(
        "look up a GTIN with a wrong check digit",
        lambda s: catalog.LookUpBarcodeRequest(parent=STORE, barcode=BAD_CHECK_DIGIT),
        invalid("barcode", reason="BARCODE_INVALID"),
        who=CASHIER,
    )
    yield Case(
        "give a product a GTIN with a wrong check digit",
        lambda s: catalog.UpdateProductRequest(
            product=catalog_pb2.Product(name=f"products/{s.sku}", barcodes=[BAD_CHECK_DIGIT]),
            update_mask={"paths": ["barcodes"]},
        ),
        invalid("product.barcodes[0]", reason="BARCODE_INVALID"),
    )
    degrees = "position.latitude_degrees"
    for latitude in (90.1, -90.1, math.nan, math.inf, 1e300):
        yield Case(
            f"look around latitude {latitude}",
            given(latitude, lambda s, at: looking((at, 121.5))),
            invalid(degrees),
            who=None,
        )
        yield Case(
            f"have it brought to latitude {latitude}",
            given(
                latitude,
                lambda s, at: delivery(
                    s.customer, wanted(s.sku, 1), delivery=door(position=position(at, 121.5))
                ),
            ),
            invalid(f"delivery.{degrees}"),
            who=None,
        )
    yield Case(
        "a store at latitude 90.1",
        lambda s: created(position=position(90.1, 121.5)),
        invalid(f"store.{degrees}"),
    )
    yield Case(
        "a store near a pole",
        lambda s: created(position=position(89.0, 121.5)),
        invalid("store.position", reason="POSITION_INVALID"),
    )


def _times() -> Iterator[Case]:
    for name, instant in (("past", 1_000_000_000), ("year 9999", YEAR_9999)):
        when = Timestamp(seconds=instant)
        yield Case(
            f"close until the {name}",
            given(when, lambda s, at: closing(STORE.removeprefix("stores/"), end_time=at)),
            invalid("end_time", reason="CLOSURE_INVALID"),
        )
        yield Case(
            f"a price from the {name} on",
            given(when, lambda s, at: priced(s.sku, yuan(120), start_time=at)),
            invalid("start_time"),
        )
        yield Case(
            f"a price until the {name}",
            given(when, lambda s, at: priced(s.sku, yuan(120), end_time=at)),
            invalid("end_time"),
        )
    yield Case(
        "quote for the year 9999",
        lambda s: quoted(wanted(s.sku, 1), quote_time=Timestamp(seconds=YEAR_9999)),
        invalid("quote_time"),
    )
    for seconds, nanos in ((YEAR_9999 + 1, 0), (-62_135_596_801, 0), (1_700_000_000, -1)):
        yield Case(
            f"a time of {seconds} s and {nanos} ns",
            given(
                Timestamp(seconds=seconds, nanos=nanos),
                lambda s, at: priced(s.sku, yuan(120), start_time=at),
            ),
            invalid("start_time"),
            transports=("grpc",),
        )
