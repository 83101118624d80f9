"""Every method has its place when there is too much to do, and somebody has thought about which."""

from __future__ import annotations

from chassis.rpc.admission import Urgency, urgency_of
from tests.contract.access_walk import METHODS, RULES

CHECKOUT = {
    "orders": "QuoteOrder PlaceOrder CancelOrder MarkOrderReady HandOverOrder AcceptBasketPrices "
    "FreezeBasket",
    "catalog": "LookUpBarcode QuoteBasket",
    "payments": "AuthorisePayment ChargePayment CapturePayment VoidPayment RefundPayment "
    "TopUpWallet",
    "inventory": "ReserveStock TakeStock CommitReservation ReleaseReservation",
    "stores": "CheckServiceability",
}
"""Somebody stands at a till, pays, or waits for what they have paid."""

WORK = {
    "orders": "SetBasketLines ClearBasket",
    "catalog": "BatchCreateProducts UpdateProduct ChangePrices WithdrawPrice ReportShownPrices",
    "inventory": "ReceiveStock AdjustStock ResolveDiscrepancy",
    "stores": "CreateStore BatchCreateStores UpdateStore CloseStore ReopenStore",
}

BROWSING = {
    "orders": "GetOrder WatchOrder ListOrders GetBasket",
    "catalog": "GetProduct ListProducts SearchProducts ListDepartments GetPrice ListPrices "
    "ListPriceVersions ListPriceDisagreements WatchPrices",
    "payments": "GetWallet GetPayment ListLedgerEntries",
    "inventory": "GetStockLevel ListStockLevels ListStockMovements GetReservation WatchStock "
    "ListDiscrepancies",
    "stores": "FindStores GetStore ListStores",
}

DEFERRED = {"orders": "UploadSales"}

CLASSES = {
    Urgency.CHECKOUT: CHECKOUT,
    Urgency.WORK: WORK,
    Urgency.BROWSING: BROWSING,
    Urgency.DEFERRED: DEFERRED,
}


def test_every_method_has_the_urgency_that_it_was_given() -> None:
    expected = {
        f"{service}.{name}": urgency
        for urgency, services in CLASSES.items()
        for service, methods in services.items()
        for name in methods.split()
    }
    declared = {
        f"{path.split('.')[1]}.{method.name}": urgency_of(method)
        for path, method in METHODS.items()
        if not RULES[path].batch_of
    }
    assert declared == expected
