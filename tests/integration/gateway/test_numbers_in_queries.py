"""Numbers with a fraction in a query: read as JSON reads them, or refused by name."""

from __future__ import annotations

import pytest

from tests.support.shop import OPERATOR
from tests.support.web import Web


@pytest.mark.parametrize("latitude", ["31.2302", "-31.2302", "31", "3.12302e1", "0", "-0.0"])
async def test_a_number_of_json_is_taken(web: Web, latitude: str) -> None:
    answer = await web.http.get(
        f"/v1/stores:find?position.latitudeDegrees={latitude}&position.longitudeDegrees=121.4737",
        headers=web.headers(OPERATOR),
    )
    assert answer.status_code == 200
    assert answer.headers["etag"]


@pytest.mark.parametrize(
    "latitude", ["NaN", "Infinity", "1e400", "1_0", "+1", ".5", "1.", "0x1", "", "31,2", "%D9%A1"]
)
async def test_what_is_no_number_of_json_is_refused_by_name(web: Web, latitude: str) -> None:
    answer = await web.http.get(
        f"/v1/stores:find?position.latitudeDegrees={latitude}", headers=web.headers(OPERATOR)
    )
    assert answer.status_code == 400
    (violation,) = answer.json()["violations"]
    assert violation == {"field": "position.latitude_degrees", "problem": "must be a number"}
