"""A million customers in PostgreSQL, made by PostgreSQL itself."""

from sqlalchemy import text

from storage.database import Database

CUSTOMERS, ORDERS, STORES, EMPLOYEES, GROUPS = 1_000_000, 3_000_000, 300, 500, 5_000

# Ids are hashes as in WeCom, so that the order of the ids is not that of the rows on the disk.
_ROWS = {
    "stores": """
        INSERT INTO stores (id, name, region_id, city, zone, active)
        SELECT 'S' || n, 'S' || n, NULL, 'C' || n % 20, 'Asia/Shanghai', true
        FROM generate_series(1, :stores) n
    """,
    "employees": """
        INSERT INTO employees (userid, name, store_id, active, shifts)
        SELECT 'e' || n, 'e' || n, 'S' || 1 + n % :stores, n % 50 > 0, '[]'
        FROM generate_series(1, :employees) n
    """,
    "customers": """
        INSERT INTO customers (external_userid, member_id, stage, stage_since, stage_reason, store_id,
                               playbooks, episode, next_what, created_at)
        SELECT 'wm' || md5(n::text), CASE WHEN n % 5 > 0 THEN 'm' || n END,
               (ARRAY['welcomed', 'joined', 'regular', 'dormant', 'lost'])[1 + n % 5], now(), '',
               'S' || 1 + n % :stores, '[]', 1, '', now() - random() * interval '2 years'
        FROM generate_series(1, :customers) n
    """,
    "follows": """
        INSERT INTO follows (userid, external_userid, episode, half, since, lost_at)
        SELECT 'e' || 1 + n % :employees, 'wm' || md5(n::text), 1, false, now() - interval '1 year',
               CASE WHEN n % 20 = 0 THEN now() END
        FROM generate_series(1, :customers) n WHERE n % 7 > 0
    """,
    "customer_tags": """
        INSERT INTO customer_tags (external_userid, userid, tag_group, tag, present, by, at)
        SELECT 'wm' || md5(n::text), 'e' || 1 + n % :employees, '顾客旅程', 'T' || n % 10, true, 'rule', now()
        FROM generate_series(1, :customers) n WHERE n % 7 > 0 AND n % 3 = 0
    """,
    "groups": """
        INSERT INTO groups (chat_id, store_id, kind, name, customers, members, created_at)
        SELECT 'c' || n, 'S' || 1 + n % :stores, 'store', '', 0, 0, now() FROM generate_series(1, :groups) n
    """,
    "group_members": """
        INSERT INTO group_members (chat_id, member_id, joined_at, announced)
        SELECT 'c' || 1 + n % :groups, 'wm' || md5(n::text), now() - random() * interval '1 year', true
        FROM generate_series(1, :customers) n WHERE n % 2 = 0
    """,
    "orders": """
        INSERT INTO orders (provider, order_id, member_id, store_id, status, paid_at, paid_minor,
                            refunded_minor, currency, coupons, categories, products, updated_at)
        SELECT 'generic', n::text, 'm' || who, 'S' || 1 + (who + (n % 4) / 3) % :stores,
               CASE WHEN n % 40 = 0 THEN 'refunded' ELSE 'paid' END,
               now() - random() * interval '1 year', 500 + (random() * 9500)::int, 0, 'CNY', (n % 3 = 0)::int,
               jsonb_build_object('K' || n % 12, 500), jsonb_build_object('P' || n % 200, 500), now()
        FROM (
            SELECT n, 1 + floor(power(random(), 2) * :customers)::int who FROM generate_series(1, :orders) n
        ) drawn
    """,
    "touches": """
        INSERT INTO touches (key, external_userid, userid, channel, kind, priority, status, reason,
                             passed_over, notify, planned_at, settled_at)
        SELECT 'k' || n, 'wm' || md5((n % :customers)::text), 'e1', 'private', 'general', 50,
               CASE WHEN n % 3 = 0 THEN 'expired' ELSE 'sent' END, '', '', false, now(),
               now() - random() * interval '90 days'
        FROM generate_series(1, 2 * :customers) n
    """,
    "messages to groups": """
        INSERT INTO touches (key, external_userid, userid, chat_id, channel, kind, priority, status, reason,
                             passed_over, notify, planned_at, settled_at)
        SELECT 'g' || n, '', 'e1', 'c' || 1 + n % :groups, 'group', 'general', 50, 'sent', '', '', false,
               now(), now() - random() * interval '90 days'
        FROM generate_series(1, 50 * :groups) n
    """,
}


async def fill(database: Database) -> dict[str, int]:
    """The rows by what they are."""
    sizes = {
        "customers": CUSTOMERS,
        "orders": ORDERS,
        "stores": STORES,
        "employees": EMPLOYEES,
        "groups": GROUPS,
    }
    made = {}
    for what, statement in _ROWS.items():
        async with database.engine.begin() as connection:
            wanted = text(statement)
            bound = {name: sizes[name] for name in wanted.compile().params}
            made[what] = (await connection.execute(wanted, bound)).rowcount
    async with database.statements() as connection:
        await connection.execute(text("VACUUM ANALYZE"))  # what PostgreSQL's autovacuum does in time
    return made
