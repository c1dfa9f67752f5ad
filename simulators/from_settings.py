"""Who the simulated corp is: as the product's settings say, or by the defaults of a run alone."""

from typing import Protocol

from pydantic import SecretStr

from simulators.config import SimulatorConfig


class CorpSettings(Protocol):
    """The part of the product's `settings.Settings` that the simulators share with it."""

    @property
    def wecom_corp_id(self) -> str: ...
    @property
    def wecom_agent_id(self) -> int: ...
    @property
    def wecom_secret(self) -> SecretStr: ...
    @property
    def wecom_callback_token(self) -> SecretStr: ...
    @property
    def wecom_callback_aes_key(self) -> SecretStr: ...
    @property
    def gateway_url(self) -> str: ...
    @property
    def pos_provider(self) -> str: ...
    @property
    def pos_app_id(self) -> str: ...
    @property
    def pos_account(self) -> str: ...
    @property
    def pos_store_keys(self) -> SecretStr: ...
    @property
    def till_push_url(self) -> str: ...
    @property
    def pos_api_key(self) -> SecretStr: ...
    @property
    def pos_webhook_secret(self) -> SecretStr: ...


def simulator_config(settings: CorpSettings) -> SimulatorConfig:
    """The corp that the product believes to be talking to; callbacks and pushes go to its gateway."""
    return SimulatorConfig(
        corp_id=settings.wecom_corp_id,
        agent_id=settings.wecom_agent_id,
        secret=settings.wecom_secret.get_secret_value(),
        callback_token=settings.wecom_callback_token.get_secret_value(),
        callback_aes_key=settings.wecom_callback_aes_key.get_secret_value(),
        callback_url=f"{settings.gateway_url}/wecom/callback",
        pos_api_key=settings.pos_api_key.get_secret_value(),
        pos_provider=settings.pos_provider,
        pos_app_id=settings.pos_app_id,
        pos_account=settings.pos_account,
        pos_store_keys=settings.pos_store_keys.get_secret_value(),
        pos_push_url=settings.till_push_url,
        pos_push_secret=settings.pos_webhook_secret.get_secret_value(),
    )


def standalone_config() -> SimulatorConfig:
    """The corp of a run alone: that of the product's `.env.example`, but nobody is called back."""
    return SimulatorConfig(
        corp_id="ww0123456789abcdef",
        agent_id=1000002,
        secret="simulated-app-secret",  # noqa: S106 - opens nothing but this simulator
        callback_token="SimulatedToken1",  # noqa: S106
        callback_aes_key="jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
        pos_api_key="simulated-till-key",
        pos_app_id="simulated-app",
        pos_account="100001",
        pos_store_keys="S001=simulated-app-1:simulated-key-1,S002=simulated-app-2:simulated-key-2",
        pos_push_secret="simulated-till-webhook-secret",  # noqa: S106
    )
