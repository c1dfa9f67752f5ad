"""`python -m simulators`: with the settings of the stack, or `--alone` with defaults of its own."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn
from pydantic import ValidationError

from simulators.app import create_app
from simulators.config import SimulatorConfig
from simulators.from_settings import simulator_config, standalone_config
from simulators.persistence import StateError

# Option of the command line → field of the configuration.
FIELDS = {
    "corp_id": "id of the corp (corpid)",
    "agent_id": "id of the app (agentid)",
    "secret": "secret of the app (corpsecret)",
    "callback_url": "where events are sent; nowhere if left out",
    "callback_token": "token that signs the callbacks",
    "callback_aes_key": "EncodingAESKey of the callbacks, 43 characters",
    "pos_api_key": "bearer key of the till under /pos",
    "pos_push_url": "where the till's events are sent; nowhere if left out",
    "pos_push_secret": "secret that signs the till's events",
    "seed": "seed of populations that name none",
}


def main(arguments: Sequence[str] | None = None) -> None:
    chosen = _parser().parse_args(arguments)
    try:
        host, port, config = _standalone() if chosen.alone else _from_settings()
        changes = {name: value for name in FIELDS if (value := getattr(chosen, name)) is not None}
        config = SimulatorConfig.model_validate({**config.model_dump(), **changes})
        app = create_app(config, state=chosen.state)
    except ValidationError as error:
        wrong = [f"--{str(one['loc'][0]).replace('_', '-')}: {one['msg']}" for one in error.errors()]
        sys.exit("python -m simulators: " + "; ".join(wrong))
    except StateError as error:
        sys.exit(f"python -m simulators: {error}")
    # GET /_control/calls is a better access log, and one without tokens.
    uvicorn.run(app, host=chosen.host or host, port=chosen.port or port, access_log=False)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulators", description="WeCom and a till, simulated.")
    parser.add_argument("--alone", action="store_true", help="read no settings of the product")
    parser.add_argument("--host", help="address to listen at (alone: 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen at (alone: 8090)")
    parser.add_argument("--state", type=Path, metavar="FILE", help="keep the world in this file")
    defaults = standalone_config()
    for name, meaning in FIELDS.items():
        default = getattr(defaults, name)
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=type(default) if isinstance(default, int) else str,
            help=meaning if default is None else f"{meaning} (alone: {default})",
        )
    return parser


def _standalone() -> tuple[str, int, SimulatorConfig]:
    return "127.0.0.1", 8090, standalone_config()


def _from_settings() -> tuple[str, int, SimulatorConfig]:
    import settings  # only here: alone, nothing of the product is needed

    try:
        loaded = settings.load()
    except settings.SettingsError as error:
        sys.exit(f"{error}\nWithout the product: python -m simulators --alone")
    return loaded.simulators_host, loaded.simulators_port, simulator_config(loaded)


if __name__ == "__main__":
    main()
