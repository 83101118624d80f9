"""Products are found by their names.

Revision: catalog_0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "catalog_0002"
down_revision = "catalog_0001"
branch_labels = None
depends_on = None

# A name as it is compared: full-width and half-width forms alike (NFKC), upper and lower case alike
# in every script, words parted by one space. Folding may leave what NFKC composes, hence twice.
_SEARCH_FORM = """
create function hutong.search_form(name text) returns text
language sql immutable strict parallel safe
return btrim(regexp_replace(
    normalize(casefold(normalize(name, NFKC) collate pg_unicode_fast), NFKC) collate "C",
    ' +', ' ', 'g'))
"""

# Chinese has no spaces between words, and its words have one or two characters, for which trigrams
# are too long. So a name is kept as its pairs of neighbours, its single ideographs (from the
# radicals at U+2E80 on), and the first character of each word behind a space. The tenant stands in
# front: an index of arrays can't begin with another column, and tenants are not to read each other.
_SEARCH_GRAMS = """
create function hutong.search_grams(tenant text, name text) returns text[]
language sql immutable strict parallel safe
return array(
    select distinct tenant || ':' || gram
      from generate_series(1, char_length(name)) as position,
           lateral (values (substr(' ' || name, position, 2)),
                           (substr(name, position, 1))) as cut (gram)
     where substr(gram, 2) <> ' '
       and (char_length(gram) = 2 or ascii(gram) >= 11904))
"""

# What the grams of a name must hold for the name to match. A lone letter or digit is too little to
# look for inside of words: it has to begin one.
_WANTED_GRAMS = """
create function hutong.wanted_grams(tenant text, phrase text) returns text[]
language sql immutable strict parallel safe
return array(
    select distinct tenant || ':' || gram
      from unnest(string_to_array(phrase, ' ')) as term,
           generate_series(1, greatest(char_length(term) - 1, 1)) as position,
           lateral (values (case when char_length(term) > 1 then substr(term, position, 2)
                                 when ascii(term) >= 11904 then term
                                 else ' ' || term end)) as cut (gram))
"""


def upgrade() -> None:
    for function in (_SEARCH_FORM, _SEARCH_GRAMS, _WANTED_GRAMS):
        op.execute(function)
    op.add_column(
        "product",
        sa.Column(
            "search_name",
            sa.Text,
            sa.Computed("hutong.search_form(display_name)", persisted=True),
            nullable=False,
        ),
    )
    op.add_column(
        "product",
        sa.Column(
            "search_grams",
            ARRAY(sa.Text),
            sa.Computed(
                "hutong.search_grams(tenant, hutong.search_form(display_name))", persisted=True
            ),
            nullable=False,
        ),
    )
    # Without fastupdate a search never reads a list of additions that wait to be sorted in.
    op.create_index(
        "product_by_gram",
        "product",
        ["search_grams"],
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
