"""Whether a promotion is for this basket at all, before any discount is worked out."""

from __future__ import annotations

import enum
from collections.abc import Sequence

from chassis.kernel.quantity import Unit
from pricing.promotions.basket import PricedBasket, PricedLine, Shopper
from pricing.promotions.conditions import Area, Whose, is_in_windows
from pricing.promotions.goods import Base, Measure
from pricing.promotions.index import Filed, Numbers


class WhyNot(enum.StrEnum):
    """Why a promotion that touches a basket takes nothing off it."""

    NOT_LIVE = "not_live"
    NOT_YET = "not_yet"
    OVER = "over"
    OUTSIDE_HOURS = "outside_hours"
    OTHER_CURRENCY = "other_currency"
    OTHER_STORE = "other_store"
    OTHER_CHANNEL = "other_channel"
    OTHER_GROUP = "other_group"
    OUTSIDE_AREA = "outside_area"
    NOT_FIRST_ORDER = "not_first_order"
    USES_SPENT = "uses_spent"
    BUDGET_SPENT = "budget_spent"
    NO_GOODS = "no_goods"
    BELOW_MINIMUM = "below_minimum"
    NOTHING_TO_GAIN = "nothing_to_gain"
    BEATEN = "beaten"
    NOT_COMBINABLE = "not_combinable"
    LEFT_OUT = "left_out"


def why_not_for(filed: Filed, basket: PricedBasket, at_us: int) -> WhyNot | None:
    """Why the promotion is not for this basket, which is bought at that microsecond; None if it is.

    Of several reasons the first in the order of WhyNot.
    """
    promotion = filed.promotion
    if at_us < filed.starts_us:
        return WhyNot.NOT_YET
    if at_us >= filed.ends_us:
        return WhyNot.OVER
    windows = promotion.validity.windows
    if windows and not is_in_windows(windows, basket.at, basket.place.zone):
        return WhyNot.OUTSIDE_HOURS
    if promotion.currency and promotion.currency != basket.currency:
        return WhyNot.OTHER_CURRENCY
    if not filed.is_for_everybody:
        why = _outside_audience(filed, basket)
        if why is not None:
            return why
    return _spent(promotion.id, basket.shopper)


def _outside_audience(filed: Filed, basket: PricedBasket) -> WhyNot | None:
    audience, shopper = filed.promotion.audience, basket.shopper
    if audience.stores and basket.place.store not in audience.stores:
        return WhyNot.OTHER_STORE
    if audience.channels and basket.channel not in audience.channels:
        return WhyNot.OTHER_CHANNEL
    if audience.groups and audience.groups.isdisjoint(shopper.groups):
        return WhyNot.OTHER_GROUP
    if audience.area is not None and not _is_in(audience.area, basket):
        return WhyNot.OUTSIDE_AREA
    if audience.is_for_first_order and not shopper.is_first_order:
        return WhyNot.NOT_FIRST_ORDER
    return None


def _is_in(area: Area, basket: PricedBasket) -> bool:
    is_store = area.whose is Whose.STORE
    position = basket.place.position if is_store else basket.shopper.position
    return position is not None and area.shape.has(position)


def _spent(promotion_id: str, shopper: Shopper) -> WhyNot | None:
    if shopper.uses_left and shopper.uses_left.get(promotion_id, 1) < 1:
        return WhyNot.USES_SPENT
    if promotion_id in shopper.spent:
        return WhyNot.BUDGET_SPENT
    return None


def measured(
    measure: Measure,
    base: Base,
    numbers: Numbers,
    lines: Sequence[PricedLine],
    left: Sequence[int],
) -> int:
    """What lines come to: minor units before promotions or as they are left, pieces, or grams."""
    if measure is Measure.SPEND:
        if base is Base.LEFT:
            return sum([left[number] for number in numbers])
        return sum([lines[number].total_minor for number in numbers])
    unit = Unit.EACH if measure is Measure.PIECES else Unit.GRAM
    return sum([lines[number].quantity for number in numbers if lines[number].unit is unit])
