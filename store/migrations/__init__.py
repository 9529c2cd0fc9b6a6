"""Schema migrations (Alembic), applied by `store.migrate.upgrade`."""
