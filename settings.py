"""All settings, from the environment. The only module that reads environment variables.

Order of precedence: the process environment, then `.env`, then `DATA_DIR/stack.env`, which the embedded
stack (`make up`) writes while it runs so that a second terminal finds its database and ports. The rest of the
Temporal connection (TLS, API key) follows the SDK's own `TEMPORAL_*` variables and config file.
"""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from domain.errors import Explained

Clock = Callable[[], datetime]
ROOT = Path(__file__).parent


def utc_now() -> datetime:
    """The real clock, for composition roots only: everything else gets a `Clock` as an argument."""
    return datetime.now(UTC)  # noqa: TID251 - the one place where real time enters the product


class SettingsError(Explained):
    """A setting is missing or wrong; the text names each one and says what to do.

    `problems` is the same for programs: field → what is wrong with it.
    """

    def __init__(self, problems: dict[str, str]) -> None:
        self.problems = problems
        lines = "\n".join(f"  {field.upper()}: {problem}" for field, problem in problems.items())
        super().__init__(
            f"settings are missing or wrong:\n{lines}\n"
            "Set them in the environment or in .env (see .env.example), or start the embedded stack: make up"
        )


def _options(said: Any) -> Any:
    """JSON as it stands in the environment, where empty is none."""
    if not isinstance(said, str):
        return said
    try:
        return json.loads(said or "{}", parse_float=Decimal)
    except ValueError:
        raise ValueError('is not JSON: write it like {"crs": "bd09"}') from None


class Settings(BaseSettings):
    """Every variable with its meaning. Names are the field names in upper case."""

    model_config = SettingsConfigDict(extra="ignore", env_file_encoding="utf-8")

    database_url: SecretStr = Field(description="PostgreSQL, as postgresql://user:password@host/db")
    data_dir: Path = Field(Path(".data"), description="where the embedded stack keeps its files")

    temporal_address: str = Field("127.0.0.1:7233", description="host:port of the Temporal frontend")
    temporal_namespace: str = Field("default", description="one namespace per corp")
    temporal_port: int = 7233
    temporal_ui_port: int = 8233
    gateway_host: str = Field("127.0.0.1", description="0.0.0.0 behind a load balancer or in a container")
    gateway_port: int = 8080
    simulators_host: str = "127.0.0.1"
    simulators_port: int = 8090
    gateway_url: str = Field("http://127.0.0.1:8080", description="where WeCom and the till reach us")
    public_url: str = Field("", description="where customers' phones reach us; default: GATEWAY_URL")
    link_key: SecretStr = Field(min_length=32, description="signs the links of forms; any 32 characters")

    wecom_base_url: str = Field("https://qyapi.weixin.qq.com", description="without /cgi-bin")
    wecom_corp_id: str
    wecom_agent_id: int
    wecom_secret: SecretStr
    wecom_callback_token: SecretStr
    wecom_callback_aes_key: SecretStr = Field(min_length=43, max_length=43)
    wecom_callback_max_age_seconds: int = Field(600, description="older callbacks are refused as replays")
    wecom_calls_per_second: float = Field(
        50, description="rate of the `wecom` task queue, all workers together"
    )
    wecom_concurrent_writes: int = Field(4, description="in flight per writing API, all processes together")
    wecom_concurrent_reads: int = Field(8, description="in flight per reading API, all processes together")
    wecom_qr_join_cap: int = Field(200, description="members at which a group's QR stops working")
    wecom_next_group_at: int = Field(180, description="members at which a store's next group is asked for")
    wecom_hand_qr_days: float = Field(7, description="life of a group QR that was exported by hand")

    pos_provider: str = Field("generic", description="which adapter of integrations/pos: see docs/tills.md")
    pos_base_url: str = ""
    pos_api_key: SecretStr = SecretStr("")
    pos_webhook_secret: SecretStr = SecretStr("")
    pos_app_id: str = Field("", description="of our app at the provider (Youzan client_id, Keruyun appKey)")
    pos_account: str = Field("", description="the chain at the provider (Youzan kdt_id, Keruyun brandId)")
    pos_store_keys: SecretStr = Field(
        SecretStr(""), description="keys per store (Pospal): S001=appId:appKey,S002=…"
    )
    pos_options: Annotated[dict[str, Any], NoDecode, BeforeValidator(_options)] = Field(
        default_factory=dict, description="the adapter's own options, as JSON: docs/tills.md lists them"
    )
    pos_push_url: str = Field("", description="as registered at the provider; default: by GATEWAY_URL")
    pos_calls_per_second: float = 20
    member_key: SecretStr = Field(
        SecretStr(""), description="32 bytes as 64 hex digits: phones are encrypted and looked up with it"
    )

    playbooks_dir: Path = Field(ROOT / "playbooks", description="playbook files and policy.yaml")
    payload_key: SecretStr | None = Field(
        None, description="32 bytes as 64 hex digits: workflow payloads are compressed and encrypted with it"
    )
    log_level: str = "INFO"

    @property
    def pages_url(self) -> str:
        """The base address of scan pages and forms, without a slash at its end."""
        return (self.public_url or self.gateway_url).rstrip("/")

    @property
    def till_push_url(self) -> str:
        """The address at which the till's provider pushes to us."""
        own = f"{self.gateway_url.rstrip('/')}/pos/{self.pos_provider}/events"
        return self.pos_push_url or own

    @property
    def sqlalchemy_url(self) -> str:
        """The database's address in the form that names the driver."""
        return self.database_url.get_secret_value().replace("postgresql://", "postgresql+psycopg://", 1)

    def temporal_connect(self) -> dict[str, Any]:
        """Arguments for `Client.connect`: what was set here, then the SDK's profile, then defaults.

        The embedded stack sets its own address: one that is exported in the shell must not lead it elsewhere.
        """
        from temporalio.envconfig import ClientConfig  # a third of a second; most commands need none

        ours = {"target_host": self.temporal_address, "namespace": self.temporal_namespace}
        fields = {"target_host": "temporal_address", "namespace": "temporal_namespace"}
        wanted = {key: ours[key] for key, field in fields.items() if field in self.model_fields_set}
        return ours | {**ClientConfig.load_client_connect_config()} | wanted


def load(**overrides: Any) -> Settings:
    """Read the settings. Raises SettingsError that names every missing or wrong variable."""
    data_dir = Path(os.environ.get("DATA_DIR", ".data"))  # noqa: TID251 - this is the one reader
    try:
        return Settings(_env_file=(data_dir / "stack.env", ".env"), **overrides)
    except ValidationError as error:
        raise SettingsError(
            {"_".join(map(str, e["loc"])).lower(): e["msg"] for e in error.errors()}
        ) from None


def environment() -> dict[str, str]:
    """A copy of the process environment, for starting child processes."""
    return dict(os.environ)  # noqa: TID251 - this is the one reader
