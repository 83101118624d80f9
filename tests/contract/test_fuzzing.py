"""Requests that schemathesis makes up from the OpenAPI document, sent over real HTTP.

Whatever it is, the answer is one that the document describes, and never a failure of ours.
"""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
import schemathesis.openapi
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from gateway.routes.contracts import contracts_of
from gateway.routes.openapi import openapi_of
from tests.contract.walking import ALL_BINDINGS, SERVICES
from tests.support.shop import STORE
from tests.support.web import Web
from tests.support.world import caller

EXAMPLES_MAX = 5
CONTRACTS = contracts_of(SERVICES)
SCHEMA = schemathesis.openapi.from_dict(openapi_of(ALL_BINDINGS, CONTRACTS.comments))
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations() if isinstance(found, Ok)]
NOT_CHECKED = {
    # What the platform's state refuses is a 400 too, by google.rpc.Code's table, and no schema can
    # say which products or orders there are.
    "positive_data_acceptance",
}
CHECKS = [name for name in schemathesis.checks.CHECKS.get_all_names() if name not in NOT_CHECKED]
STREAM_CHECKS = [name for name in CHECKS if name != "response_schema_conformance"]
"""The document describes the text of a stream, and schemathesis compares that with each event."""

STREAM_TIMEOUT = {"grpc-timeout": "1S"}
"""Streams that nothing ends are told for so long."""

ANSWERS = {200, 204, 400, 401, 403, 404, 405, 409, 415}


def test_every_operation_of_the_document_is_understood() -> None:
    assert len(OPERATIONS) == len(ALL_BINDINGS)


@pytest.mark.parametrize("operation", OPERATIONS, ids=[each.label for each in OPERATIONS])
async def test_whatever_is_made_up_gets_an_answer_of_the_document(web: Web, operation: Any) -> None:
    headers = [
        web.headers(caller(role=role, stores=[STORE], customer="customers/c1"))
        for role in ("platform", "cashier", "customer", "service")
    ]
    is_stream = operation.path.endswith(":watch")
    if is_stream:
        headers = [each | STREAM_TIMEOUT for each in headers]

    @settings(
        max_examples=EXAMPLES_MAX,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=st.one_of([operation.as_strategy(mode) for mode in GenerationMode]),
        who=st.sampled_from(headers),
    )
    def ask(case: Any, who: dict[str, str]) -> None:
        asked = case.as_transport_kwargs(base_url=web.address, headers=who)
        asked.pop("cookies", None)
        if isinstance(asked.get("data"), bytes):
            asked["content"] = asked.pop("data")
        response = client.request(**asked)
        assert response.status_code in ANSWERS, (asked, response.text)
        if response.status_code not in {200, 204}:
            assert response.headers["content-type"] == "application/problem+json"
            assert response.json()["status"] == response.status_code
        case.validate_response(
            response,
            checks=schemathesis.checks.CHECKS.get_by_names(STREAM_CHECKS if is_stream else CHECKS),
            headers=who,
        )

    with httpx.Client(timeout=20) as client:
        await asyncio.to_thread(ask)
