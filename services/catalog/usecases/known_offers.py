"""Offers as they were read last, for as long as they are known to be the same.

Whoever asks has read how often the prices of the store and the products of the tenant were changed,
just now and from the database: so what is answered is what the database would answer.
"""

from __future__ import annotations

from pricing.quote import Price
from services.catalog.domain.prices import BasketToQuote, Channel
from services.catalog.repository.offer_rows import Asked, Changes, Lasting

OFFERS_MAX = 20_000
"""So many are kept, the ones that were read last. Each takes some 600 bytes."""

_Key = tuple[str, str, Channel]


class KnownOffers:
    """What stores ask for products now, per channel; only of products that have a price."""

    def __init__(self, *, offers_max: int = OFFERS_MAX) -> None:
        self._offers_max = offers_max
        self._known: dict[_Key, Lasting] = {}

    def keep(self, asked: Asked, lasting: Lasting) -> None:
        """Keeps an offer of now that was read."""
        if lasting.offer.price is None or asked.at is not None:
            return
        key = (asked.store, asked.sku, asked.channel)
        self._known.pop(key, None)
        self._known[key] = lasting
        if len(self._known) > self._offers_max:
            del self._known[next(iter(self._known))]

    def of(self, basket: BasketToQuote, changes: Changes) -> dict[str, tuple[str, Price]] | None:
        """Name and price of each product of the basket, by SKU; None unless all are known, or if
        the basket asks for more: an instant of its own, a label, a price that was shown before.
        """
        if basket.at is not None:
            return None
        found: dict[str, tuple[str, Price]] = {}
        for line in basket.lines:
            lasting = self._known.get((basket.store, line.sku, basket.channel))
            if lasting is None or line.label is not None or not _lasts(lasting, basket, changes):
                return None
            price, name = lasting.offer.price, lasting.offer.display_name
            assert price is not None, "only such are kept"
            assert name is not None, "a product has a name"
            if any(version != price.version for version in line.shown_versions):
                return None
            found[line.sku] = (name, price)
        return found


def _lasts(lasting: Lasting, basket: BasketToQuote, changes: Changes) -> bool:
    return (
        lasting.price_changes == changes.of_prices[basket.store]
        and lasting.product_changes == changes.of_products[basket.tenant]
        and lasting.since <= changes.now
        and (lasting.until is None or changes.now < lasting.until)
    )
