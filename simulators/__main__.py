"""`python -m simulators`: the simulators alone, from the settings of the stack."""

import uvicorn

import settings
from simulators.app import create_app
from simulators.config import SimulatorConfig


def main() -> None:
    loaded = settings.load()
    config = SimulatorConfig(
        corp_id=loaded.wecom_corp_id,
        agent_id=loaded.wecom_agent_id,
        secret=loaded.wecom_secret.get_secret_value(),
        callback_token=loaded.wecom_callback_token.get_secret_value(),
        callback_aes_key=loaded.wecom_callback_aes_key.get_secret_value(),
        callback_url=f"{loaded.gateway_url}/wecom/callback",
        pos_api_key=loaded.pos_api_key.get_secret_value(),
        pos_push_url=f"{loaded.gateway_url}/pos/generic/events",
        pos_push_secret=loaded.pos_webhook_secret.get_secret_value(),
    )
    # GET /_control/calls is a better access log, and one without tokens.
    uvicorn.run(
        create_app(config), host=loaded.simulators_host, port=loaded.simulators_port, access_log=False
    )


if __name__ == "__main__":
    main()
