"""The books are checked by views that find damage, and kept by constraints that refuse it."""

from __future__ import annotations

import pytest
from asyncpg import IntegrityConstraintViolationError

from tests.integration.payments.purse import Purse


async def pay(purse: Purse) -> None:
    """A hold of 30 and a captured 20 in a wallet of 100, and 50 of cash of which 10 went back."""
    await purse.top_up(100)
    await purse.service.AuthorisePayment(purse.authorisation(30))
    await purse.service.ChargePayment(purse.wallet_charge(20))
    payment = await purse.service.ChargePayment(purse.cash_charge(50))
    await purse.platform.RefundPayment(purse.refund(payment.name, 10))


async def broken_after(purse: Purse, statement: str) -> set[str]:
    """The views that find something of these owners once the statement has run, which is undone."""
    owners = [f"demo:{purse.store}", f"demo:{purse.customer}"]
    views = ("transfer", "account", "payment_money", "money_kept", "wallet_held")
    found = set()
    async with purse.world.database("payments").transaction() as tx:
        await tx.run("savepoint whole")
        assert await tx.run(statement, owners) > 0
        for view in views:
            query = f"select 1 from verify.broken_{view} where owner = any($1::text[])"
            if await tx.rows(query, owners):
                found.add(view)
        await tx.run("rollback to savepoint whole")
    return found


@pytest.mark.parametrize(
    ("damage", "views"),
    [
        (
            (
                "update ledger_entry set amount_minor = amount_minor + 1 "
                "where account = 'top_up' and owner = any($1::text[])"
            ),
            {"transfer", "account"},
        ),
        (
            (
                "update account set balance_minor = balance_minor - 1 "
                "where account = 'wallet' and owner = any($1::text[])"
            ),
            {"account"},
        ),
        (
            "delete from account where account = 'sales' and owner = any($1::text[])",
            {"account"},
        ),
        (
            (
                "update payment set refunded_minor = refunded_minor + 1 "
                "where tender_type = 'CASH' and owner = any($1::text[])"
            ),
            {"payment_money", "money_kept"},
        ),
        (
            (
                "update payment set state = 'CAPTURED', captured_minor = amount_minor "
                "where state = 'AUTHORISED' and owner = any($1::text[])"
            ),
            {"payment_money", "money_kept", "wallet_held"},
        ),
        (
            "delete from payment where tender_type = 'WALLET' and owner = any($1::text[])",
            {"payment_money", "money_kept", "wallet_held"},
        ),
        (
            (
                "update payment set currency = 'USD' "
                "where tender_type = 'CASH' and owner = any($1::text[])"
            ),
            {"payment_money", "money_kept"},
        ),
        (
            (
                "update ledger_entry set payment_id = 'nobody' "
                "where kind = 'refund' and owner = any($1::text[])"
            ),
            {"payment_money", "money_kept"},
        ),
        (
            (
                "update payment set store_id = 'demo:elsewhere' "
                "where state = 'CAPTURED' and owner = any($1::text[])"
            ),
            {"money_kept"},
        ),
        (
            (
                "update ledger_entry set kind = 'hold' "
                "where kind = 'refund' and owner = any($1::text[])"
            ),
            {"money_kept"},
        ),
        (
            (
                "update account set balance_minor = 0 "
                "where account = 'wallet_held' and owner = any($1::text[])"
            ),
            {"account", "wallet_held"},
        ),
    ],
)
async def test_damage_to_the_books_is_found(purse: Purse, damage: str, views: set[str]) -> None:
    await pay(purse)
    assert await broken_after(purse, damage) == views


@pytest.mark.parametrize(
    "damage",
    [
        "update account set balance_minor = 1 where account = 'wallet'",
        "update account set balance_minor = 1 where account = 'wallet_held'",
        "update account set account = 'sales' where account = 'wallet'",
        "update account set currency = 'cny' where account = 'wallet'",
        "insert into account select owner, account, 'USD', 0, 0 from account",
        "insert into account values ('demo:suppliers/x', 'wallet', 'CNY', 0, 0)",
        "update payment set refunded_minor = captured_minor + 1 where state = 'CAPTURED'",
        "update payment set captured_minor = amount_minor + 1 where state = 'CAPTURED'",
        "update payment set state = 'AUTHORISED' where tender_type = 'CASH'",
        "update payment set state = 'REFUNDED' where state = 'CAPTURED'",
        "update payment set state = 'VOIDED' where state = 'CAPTURED'",
        "update payment set state = 'DECLINED' where state = 'AUTHORISED'",
        "update payment set state = 'PAID' where state = 'CAPTURED'",
        "update payment set store_id = null where state = 'CAPTURED'",
        "update payment set till = null where tender_type = 'CASH'",
        "update payment set till = 't1' where tender_type = 'WALLET'",
        "update payment set amount_minor = -1 where state = 'AUTHORISED'",
        "update payment set request_hash = null where state = 'AUTHORISED'",
        "update payment set decline_reason = 'WALLET_INSUFFICIENT' where state = 'CAPTURED'",
        "update ledger_entry set amount_minor = 0 where kind = 'top_up'",
        "update ledger_entry set payment_id = null where kind = 'sale'",
        "update ledger_entry set kind = 'gift' where kind = 'sale'",
    ],
)
async def test_the_tables_refuse_what_can_never_be(purse: Purse, damage: str) -> None:
    await pay(purse)
    with pytest.raises(IntegrityConstraintViolationError):
        async with purse.world.database("payments").transaction() as tx:
            await tx.run(damage)
