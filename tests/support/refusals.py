"""Calls that are to be refused."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import pytest

from chassis.kernel.errors import HutongError


async def refused(work: Awaitable[Any]) -> HutongError:
    """Why a call was refused; it fails the test if it was not."""
    with pytest.raises(HutongError) as caught:
        await work
    return caught.value
