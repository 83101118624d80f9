"""The one Alembic environment; chassis.db.migrate hands it an open connection and the tables."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes["target_metadata"],
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
