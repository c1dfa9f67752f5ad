"""Broken set-ups for `journeys doctor`, and what it must say of each."""

from dataclasses import dataclass
from datetime import timedelta

from activities import attributes
from tests.starter import breaking
from tests.starter.breaking import OTHER_AES_KEY, Breaking
from tests.starter.clinic import OUTSIDE

NOWHERE = "http://127.0.0.1:1"
REAL = "https://qyapi.weixin.qq.com"


@dataclass(frozen=True)
class Broken:
    """`failed` are all checks that fail; of the first, `says` are parts of what is found and of the fix."""

    id: str
    breaking: Breaking
    failed: tuple[str, ...]
    says: tuple[str, ...]
    ahead: timedelta = timedelta()


VISIBLE = {"users": ["chen"], "departments": []}

SET_UPS = (
    # settings
    Broken(
        "payload key of 3 digits",
        breaking.changed(payload_key="abc"),
        ("PAYLOAD_KEY",),
        ("openssl rand -hex 32",),
    ),
    Broken("short link key", breaking.changed(link_key="short"), ("LINK_KEY",), ("openssl rand",)),
    Broken(
        "AES key that is not base64",
        breaking.changed(wecom_callback_aes_key="*" * 43),
        ("WECOM_CALLBACK_AES_KEY",),
        ("32 bytes", "接收消息", "EncodingAESKey"),
    ),
    Broken(
        "password with an @",
        breaking.changed(database_url="postgresql://u:p@ss@db/x"),
        ("DATABASE_URL",),
        ("%40",),
    ),
    Broken(
        "Temporal's address as a URL",
        breaking.changed(temporal_address="http://temporal:7233"),
        ("TEMPORAL_ADDRESS",),
        ("host:port",),
    ),
    Broken(
        "the example's values against the real WeCom",
        breaking.changed(wecom_base_url=REAL, gateway_url=OUTSIDE),
        (
            *("LINK_KEY", "WECOM_CORP_ID", "WECOM_SECRET", "WECOM_CALLBACK_TOKEN", "WECOM_CALLBACK_AES_KEY"),
            *("POS_API_KEY", "POS_WEBHOOK_SECRET"),
        ),
        ("real WeCom", "LINK_KEY"),
    ),
    Broken(
        "a gateway that only this machine knows, with the real WeCom",
        breaking.own_values(wecom_base_url=REAL),
        ("PUBLIC_URL", "GATEWAY_URL", "echo", "pushes"),
        ("127.0.0.1 is known only", "https://"),
    ),
    # PostgreSQL
    Broken(
        "PostgreSQL down",
        breaking.changed(database_url="postgresql://u:p@127.0.0.1:1/x"),
        ("connection",),
        ("nobody listens",),
    ),
    Broken(
        "no such database", breaking.no_database, ("connection",), ('"nobody_made_it"', "CREATE DATABASE")
    ),
    Broken("an empty database", breaking.empty_database, ("schema",), ("journeys migrate",)),
    Broken(
        "an older schema",
        breaking.sql(
            "UPDATE alembic_version SET version_num = '0001'",
            f"UPDATE alembic_version SET version_num = '{breaking.NEWEST_SCHEMA}'",
        ),
        ("schema",),
        ("at 0001", "journeys migrate"),
    ),
    Broken(
        "a newer schema",
        breaking.sql(
            "UPDATE alembic_version SET version_num = '9999'",
            f"UPDATE alembic_version SET version_num = '{breaking.NEWEST_SCHEMA}'",
        ),
        ("schema",),
        ("9999", "deploy the newest code"),
    ),
    Broken(
        "a database that only reads", breaking.read_only, ("writable",), ("default_transaction_read_only",)
    ),
    # Temporal
    Broken(
        "Temporal down",
        breaking.changed(temporal_address="127.0.0.1:1"),
        ("server",),
        ("nobody listens", "make up"),
    ),
    Broken("something else than Temporal", breaking.not_temporal, ("server",), ("TEMPORAL_TLS=true",)),
    Broken(
        "no such namespace",
        breaking.changed(temporal_namespace="nobody-made-it"),
        ("namespace",),
        ("temporal operator namespace create", "--namespace nobody-made-it"),
    ),
    Broken(
        "no search attributes",
        breaking.bare_namespace,
        ("search attributes",),
        (
            "temporal operator search-attribute create --address",
            "--namespace bare",
            *(f"--name {key.name} --type Keyword" for key in attributes.ALL),
        ),
    ),
    Broken(
        "a search attribute of another type",
        breaking.stage_as_text,
        ("search attributes",),
        (
            "JourneyStage is a Text, not JourneyStage=Keyword",
            "search-attribute remove",
            "--name JourneyStage",
        ),
    ),
    # WeCom
    Broken(
        "nobody at WeCom's address",
        breaking.changed(wecom_base_url=NOWHERE),
        ("address",),
        ("nobody listens", "DNS"),
    ),
    Broken("not WeCom", breaking.not_wecom, ("address",), ("not WeCom", "without a path")),
    Broken(
        "http instead of https",
        breaking.own_values(wecom_base_url=REAL.replace("https", "http"), gateway_url=OUTSIDE),
        ("address", "echo"),
        ("301", "must begin with https://"),
    ),
    Broken(
        "wrong secret",
        breaking.changed(wecom_secret="wrong"),
        ("secret",),
        ("40001", "Secret", "应用管理 → 自建应用"),
    ),
    Broken(
        "wrong corp id",
        breaking.changed(wecom_corp_id="ww" + "0" * 16),
        ("secret", "echo"),
        ("40013", "我的企业 → 企业信息 → 企业ID"),
    ),
    Broken(
        "an IP that is not trusted",
        breaking.app(trusted_ips=["203.0.113.7"], after={"trusted_ips": []}),
        ("trusted IP",),
        ("60020", "127.0.0.1", "企业可信IP"),
    ),
    Broken(
        "another app's agent id",
        breaking.changed(wecom_agent_id=1000003),
        ("agent id",),
        ("301002", "AgentId"),
    ),
    Broken(
        "not a callable app",
        breaking.app(callable=False, after={"callable": True}),
        ("customer contact",),
        ("48002", "客户联系 → 可调用接口的应用"),
    ),
    # employees
    Broken(
        "an employee outside the visible range",
        breaking.app(visible=VISIBLE, after={"visible": None}),
        ("visible range",),
        ("60011", "li", "应用可见范围"),
    ),
    Broken(
        "an employee whom WeCom does not know",
        breaking.stranger,
        ("known to WeCom",),
        ("ghost", "60111", "journeys employees sync"),
    ),
    Broken("an employee who never logged in", breaking.not_activated, ("activated",), ("li", "未激活")),
    Broken(
        "an employee without 客户联系",
        breaking.out_of_scope,
        ("使用范围",),
        ("li", "客户联系 → 权限配置 → 使用范围"),
    ),
    Broken(
        "an employee who left, behind a code",
        breaking.sql(
            "UPDATE employees SET active = false WHERE userid = 'li'",
            "UPDATE employees SET active = true WHERE userid = 'li'",
        ),
        ("behind codes",),
        ("li (S002-cashier)", "journeys codes update", "离职继承"),
    ),
    # callbacks
    Broken(
        "no gateway",
        breaking.changed(gateway_url=NOWHERE),
        ("ready", "public address"),
        ("nobody listens", "GATEWAY_URL"),
    ),
    Broken(
        "another token at the gateway",
        breaking.changed(wecom_callback_token="AnotherToken"),
        ("echo",),
        ("WECOM_CALLBACK_TOKEN", "接收消息"),
    ),
    Broken(
        "another AES key at the gateway",
        breaking.changed(wecom_callback_aes_key=OTHER_AES_KEY),
        ("echo",),
        ("WECOM_CALLBACK_AES_KEY", "EncodingAESKey"),
    ),
    Broken(
        "the switch is off",
        breaking.switch_off,
        ("switch",),
        ("1 customer", "外部联系人变更回调", "接收消息"),
    ),
    # clock
    Broken(
        "a clock that is six minutes ahead",
        breaking.changed(),
        ("against WeCom", "against the gateway", "against PostgreSQL"),
        ("ahead of WeCom's", "WECOM_CALLBACK_MAX_AGE_SECONDS", "20 s"),
        ahead=timedelta(minutes=6),
    ),
    # data
    Broken("a code that was never made", breaking.code_unmade, ("codes",), ("S001-door", "--placement door")),
    Broken(
        "a contact way that is gone",
        breaking.way_deleted,
        ("contact ways",),
        ("41044", "S002-table", "posters"),
    ),
    Broken(
        "a hand-exported QR of last week",
        breaking.old_hand_qr,
        ("hand-exported QRs",),
        ("wrHANDMADE", "加入群聊"),
    ),
    Broken(
        "a code into no playbook",
        breaking.sql(
            "UPDATE entry_codes SET playbook = 'gone' WHERE state = 'S001-table'",
            "UPDATE entry_codes SET playbook = 'coffee-welcome' WHERE state = 'S001-table'",
        ),
        ("codes' playbooks",),
        ("S001-table", "gone.yaml"),
    ),
    Broken(
        "no playbook files",
        breaking.changed(playbooks_dir="/nonexistent"),
        ("playbook files",),
        ("/nonexistent",),
    ),
    # till
    Broken(
        "a wrong till key",
        breaking.changed(pos_api_key="wrong"),
        ("till",),
        ("refuses our key", "POS_API_KEY"),
    ),
    Broken("no till", breaking.changed(pos_base_url=NOWHERE), ("till",), ("POS_BASE_URL",)),
    Broken(
        "a till that nobody makes",
        breaking.changed(pos_provider="abacus"),
        ("till",),
        ("abacus", "generic, square, youzan, pospal", "POS_PROVIDER"),
    ),
    Broken(
        "options of another till",
        breaking.changed(pos_options='{"crs": "bd09"}'),
        ("till",),
        ("POS_OPTIONS",),
    ),
    Broken("options that are no JSON", breaking.changed(pos_options="crs"), ("POS_OPTIONS",), ("JSON",)),
    Broken(
        "no key of members", breaking.changed(member_key=""), ("key of members",), ("openssl rand -hex 32",)
    ),
    Broken(
        "a key of members that is too short",
        breaking.changed(member_key="abcd"),
        ("key of members",),
        ("MEMBER_KEY must be 64 hex digits",),
    ),
    Broken(
        "pushes that nobody can verify",
        breaking.changed(pos_webhook_secret=""),
        ("pushes",),
        ("POS_WEBHOOK_SECRET", "who runs the till"),
    ),
    Broken(
        "a push that nobody works off",
        breaking.sql(
            "INSERT INTO till_hints "
            "(provider, dedupe_key, kind, facts, received_at, due_at, attempts, outcome) VALUES "
            "('generic', 'late', 'order.paid', '{}', now() - interval '1 hour', "
            "now() - interval '1 hour', 0, '')",
            "DELETE FROM till_hints WHERE dedupe_key = 'late'",
        ),
        ("waiting pushes",),
        ("1 push", "queue `pos`"),
    ),
    *(
        Broken(
            f"{provider} without its keys",
            breaking.changed(pos_provider=provider, pos_api_key="", pos_app_id="", pos_store_keys=""),
            failed,
            says,
        )
        for provider, failed, says in (
            ("square", ("till",), ("POS_API_KEY", "Square Developer Console")),
            ("youzan", ("till",), ("POS_APP_ID", "有赞云控制台")),
            ("pospal", ("till", "keys of stores"), ("POS_STORE_KEYS", "银豹")),
            ("keruyun", ("till",), ("POS_APP_ID", "客如云开放平台")),
        )
    ),
    Broken(
        "an overstock rule and a till that has no stock",
        breaking.till_without_stock,
        ("stock of the till",),
        ("1 overstock rule", "playbooks/overstock"),
    ),
    Broken(
        "an overstock rule about a strange store",
        breaking.rule_of_a_strange_store,
        ("stock of the till",),
        ("S900", "playbooks/overstock"),
    ),
    Broken(
        "a till that does not tell its stock",
        breaking.till_keeps_its_stock_to_itself,
        ("stock of the till",),
        ("store S001", "who runs the till"),
    ),
)
