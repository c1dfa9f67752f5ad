"""SQLModel tables, the queries on them, and Alembic migrations. PostgreSQL is the only database."""
