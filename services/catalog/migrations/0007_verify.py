"""Views for verification: every product and every price is told of.

Revision: catalog_0007
"""

from __future__ import annotations

from alembic import op

revision = "catalog_0007"
down_revision = "catalog_0006"
branch_labels = None
depends_on = None

# The newest event of each aggregate is kept for ever. Of a price there is one event for each
# version at least.
_VERIFY_VIEWS = (
    """
    create view verify.broken_product_event as
    select p.tenant, p.sku, p.version, max(e.sequence) as told
      from product as p
      left join outbox as e
        on e.distribution_key = p.tenant and e.aggregate = p.tenant || '/products/' || p.sku
     group by p.tenant, p.sku, p.version
    having max(e.sequence) is distinct from p.version
    """,
    """
    create view verify.broken_price_event as
    select p.store_id, p.sku, p.versions, max(e.sequence) as told
      from (select store_id, sku, count(*) as versions from price group by store_id, sku) as p
      left join outbox as e
        on e.distribution_key = p.store_id
       and e.aggregate = split_part(p.store_id, ':', 1) || '/stores/'
                         || split_part(p.store_id, ':', 2) || '/prices/' || p.sku
     group by p.store_id, p.sku, p.versions
    having coalesce(max(e.sequence), 0) < p.versions
    """,
)


def upgrade() -> None:
    for view in _VERIFY_VIEWS:
        op.execute(view)
