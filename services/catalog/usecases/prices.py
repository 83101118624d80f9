"""What is done with prices. Each use case owns its transaction.

What is promised about instants: a price version holds from starts_at, which is the database's time
while its transaction held the store's lock, or a later instant for which it was announced. Without
an end it stands until the next such version of its channel starts, and with one it is asked in the
stead of what stands until then. A version that is announced keeps its place until it is withdrawn:
none without an end can start before it that did not start before it was announced. Versions are
kept for ever, and end no earlier than at the instant of the change that ends them, so an instant
before a change gives what was in force then, whenever it is asked about. Once a change is answered,
every quote that begins later and names no instant sees it, or what it announced, if its start has
come. In between, while the change commits, a quote at an instant after starts_at may still be
answered with the version before; its price_version says so, and the same instant gives the new
version afterwards. A caller that wants the price of now therefore names no instant and keeps the
one in the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from chassis.db.engine import Database
from chassis.db.idempotency import Once
from chassis.db.transaction import Transaction
from chassis.kernel import names
from chassis.kernel.errors import CurrencyMismatch, HutongError, ResourceNotFound
from chassis.kernel.names import StoreId
from chassis.messaging import outbox
from chassis.messaging.outbox import Event
from pricing import barcode
from pricing.barcode import BarcodeUnknown, Gtin
from pricing.basket import BasketLine
from pricing.quote import Price, PriceMissing, ProductUnknown, Shown, quote
from services.catalog.domain import prices as domain
from services.catalog.domain.prices import (
    BasketQuote,
    BasketToQuote,
    Channel,
    PriceChange,
    PriceRange,
    Scanned,
    StorePrice,
    ToldPrice,
    WatchedPrices,
    Withdrawal,
)
from services.catalog.repository import offer_rows, price_rows, product_rows
from services.catalog.repository.offer_rows import Asked, Offer
from services.catalog.usecases.known_offers import KnownOffers

PriceEvents = Callable[[Sequence[ToldPrice]], Sequence[Event]]
"""Tells of new prices, and of withdrawn ones."""


class Prices:
    """The use cases on prices.

    `changed` is told which prices may have changed, once that is committed.
    """

    def __init__(
        self,
        database: Database,
        *,
        price_events: PriceEvents,
        changed: Callable[[Iterable[WatchedPrices]], None] = lambda _: None,
    ) -> None:
        self.database = database
        self._price_events = price_events
        self._changed = changed
        self._known = KnownOffers()

    async def look_up_barcode(
        self, tenant: str, store: StoreId, code: str, *, channel: Channel
    ) -> Scanned:
        """What a scanned code means at a store.

        BarcodeInvalid, BarcodeUnknown, or PriceMissing if the store has no price for the product.
        """
        read = barcode.scanned(code)
        kept = read.code if isinstance(read, Gtin) else read.item_number
        async with self.database.transaction() as tx:
            found = await product_rows.product_of_barcode(tx, tenant, kept)
            if found is None:
                raise BarcodeUnknown(barcode=code)
            product, pack = found
            price = await price_rows.price_now(tx, store, product.sku, channel=channel)
        if price is None:
            raise PriceMissing(sku=product.sku)
        return domain.meaning(read, product, price, pack=pack)

    async def change_prices(
        self,
        once: Once,
        tenant: str,
        store: StoreId,
        changes: Sequence[PriceChange],
        *,
        during: PriceRange,
        encode: Callable[[Sequence[StorePrice]], bytes],
    ) -> bytes:
        """Starts new prices at a store, all or none, answered in the order of the changes.

        ProductUnknown, PriceAnnounced, PriceOverlap, CurrencyMismatch; InvalidInput if the list
        itself can't be right, or its range.
        """
        wanted = domain.currency_of(changes)
        async with once.transaction() as tx:
            currency, now = await price_rows.lock_store(tx, store, currency=wanted)
            if currency != wanted:
                raise CurrencyMismatch.at(
                    "changes", f"must be in {currency}", given=wanted, wanted=currency
                )
            domain.require_range(during, now=now)
            start = during.start or now
            await _require_free(tx, store, changes, during, start=start)
            added = await price_rows.add_prices(
                tx,
                tenant,
                store,
                changes,
                currency=currency,
                start=start,
                is_announced=during.start is not None,
                end=during.end,
                channel=during.channel,
            )
            for change in changes:
                if change.sku not in added:
                    raise ProductUnknown(sku=change.sku)
            started = [added[change.sku] for change in changes]
            await outbox.add_all(tx, self._price_events(started))
            reply = await tx.keep(encode([each.price for each in started]))
        self._changed(WatchedPrices(store, channel) for channel in Channel)
        return reply

    async def withdraw_price(
        self,
        once: Once,
        store: StoreId,
        sku: str,
        version: int,
        *,
        actor: str,
        why: str,
        encode: Callable[[StorePrice], bytes],
    ) -> bytes:
        """Takes a version back; ResourceNotFound, PriceStarted, PriceEnded."""
        async with once.transaction() as tx:
            now = await price_rows.lock_known_store(tx, store)
            price = await price_rows.version(tx, store, sku, version)
            if now is None or price is None:
                raise ResourceNotFound(resource=names.PRICE.format(store, sku))
            told = await price_rows.withdraw(
                tx, domain.withdrawn(price, Withdrawal(now, actor, why))
            )
            await outbox.add_all(tx, self._price_events([told]))
            reply = await tx.keep(encode(told.price))
        self._changed(WatchedPrices(store, channel) for channel in Channel)
        return reply

    async def get_price(self, store: StoreId, sku: str, *, channel: Channel) -> StorePrice:
        """What the store asks for the product now; ResourceNotFound if it asks nothing."""
        async with self.database.reading() as reading:
            price = await price_rows.price_now(reading, store, sku, channel=channel)
        if price is None:
            raise ResourceNotFound(resource=names.PRICE.format(store, sku))
        return price

    async def list_prices(
        self, store: StoreId, *, channel: Channel, after: str, rows_max: int
    ) -> list[StorePrice]:
        """The store's prices of now by SKU, behind `after`."""
        async with self.database.reading() as reading:
            return await price_rows.prices_now(
                reading, store, channel=channel, after=after, rows_max=rows_max
            )

    async def list_price_versions(
        self, store: StoreId, sku: str, *, before: int, rows_max: int
    ) -> list[StorePrice]:
        """Versions of a price older than `before`, the newest first; ResourceNotFound if none."""
        async with self.database.reading() as reading:
            found = await price_rows.versions(reading, store, sku, before=before, rows_max=rows_max)
        if not found:
            raise ResourceNotFound(resource=names.PRICE.format(store, sku))
        return found

    async def quote_baskets(
        self, baskets: Sequence[BasketToQuote]
    ) -> list[BasketQuote | HutongError]:
        """A quote, or what is wrong, for each basket in order; two statements at most for all.

        Per basket: what `pricing.quote` raises, and InvalidInput for an instant in the future.
        """
        stores = list(dict.fromkeys(basket.store for basket in baskets))
        tenants = list(dict.fromkeys(basket.tenant for basket in baskets))
        async with self.database.reading() as reading:
            changes = await offer_rows.changes(reading, stores, tenants)
        known = [self._known.of(basket, changes) for basket in baskets]
        others = iter(
            await self._read_and_quoted(
                [basket for basket, offers in zip(baskets, known, strict=True) if offers is None]
            )
        )
        return [
            next(others) if offers is None else _quoted_of(basket, offers, now=changes.now)
            for basket, offers in zip(baskets, known, strict=True)
        ]

    async def _read_and_quoted(
        self, baskets: Sequence[BasketToQuote]
    ) -> list[BasketQuote | HutongError]:
        if not baskets:
            return []
        asked = [
            each
            for basket in baskets
            for line in basket.lines
            for each in (_price_asked(basket, line), *_rest_asked(basket, line))
        ]
        distinct = list(dict.fromkeys(asked))
        async with self.database.reading() as reading:
            offers, now = await offer_rows.offers(reading, distinct)
        for each, lasting in zip(distinct, offers, strict=True):
            self._known.keep(each, lasting)
        known = {each: found.offer for each, found in zip(distinct, offers, strict=True)}
        return [_quoted_or_error(basket, known, now) for basket in baskets]


async def _require_free(
    tx: Transaction,
    store: StoreId,
    changes: Sequence[PriceChange],
    during: PriceRange,
    *,
    start: datetime,
) -> None:
    if during.end is None:
        announced = await price_rows.announced(tx, store, changes, channel=during.channel)
        domain.require_order(changes, announced, start=start)
    else:
        overlapping = await price_rows.overlapping(
            tx, store, changes, channel=during.channel, start=start, end=during.end
        )
        domain.require_apart(changes, overlapping)


def _price_asked(basket: BasketToQuote, line: BasketLine) -> Asked:
    return Asked(basket.tenant, basket.store, line.sku, basket.channel, basket.at)


def _rest_asked(basket: BasketToQuote, line: BasketLine) -> list[Asked]:
    """What else the line needs known: what was shown, and whose its label is."""
    price = _price_asked(basket, line)
    rest = [replace(price, shown_version=version) for version in line.shown_versions]
    if line.label is not None:
        rest.append(replace(price, item_number=line.label.item_number))
    return rest


def _quoted_of(
    basket: BasketToQuote, offers: Mapping[str, tuple[str, Price]], *, now: datetime
) -> BasketQuote | HutongError:
    """The quote of a basket whose customer was shown the prices of now, or none."""
    prices = {sku: price for sku, (_, price) in offers.items()}
    shown = {Shown(sku, price.version): price.unit_price for sku, price in prices.items()}
    try:
        quoted = quote(basket.lines, prices, shown)
    except HutongError as error:
        return error
    named = {sku: name for sku, (name, _) in offers.items()}
    return BasketQuote(
        store=basket.store, quote=quoted, display_names=named, channel=basket.channel, at=now
    )


def _quoted_or_error(
    basket: BasketToQuote, known: Mapping[Asked, Offer], now: datetime
) -> BasketQuote | HutongError:
    at = now if basket.at is None else basket.at
    offers = {line.sku: known[_price_asked(basket, line)] for line in basket.lines}
    named = {sku: o.display_name for sku, o in offers.items() if o.display_name is not None}
    rest = [each for line in basket.lines for each in _rest_asked(basket, line)]
    shown = {
        Shown(each.sku, each.shown_version): price
        for each in rest
        if each.shown_version is not None and (price := known[each].shown) is not None
    }
    items = {
        each.item_number: sku
        for each in rest
        if each.item_number is not None and (sku := known[each].item_sku) is not None
    }
    try:
        domain.require_quotable(at, now=now)
        quoted = quote(basket.lines, {sku: offers[sku].price for sku in named}, shown, items)
    except HutongError as error:
        return error
    return BasketQuote(
        store=basket.store, quote=quoted, display_names=named, channel=basket.channel, at=at
    )
