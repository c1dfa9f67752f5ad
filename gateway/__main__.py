"""`python -m gateway`: the gateway alone, from settings."""

import asyncio
import logging

import uvicorn

from activities.composition import connections
from activities.courier import Courier
from activities.till_clients import member_keys, till_client
from gateway.app import Doors, create_app
from gateway.intake import Intake
from integrations import wecom
from settings import Settings, load, utc_now
from storage.database import Database
from workflows.connection import connect


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM; requests in flight are finished."""
    database = Database(settings.sqlalchemy_url)
    async with connections() as http:
        temporal = await connect(settings)
        doors = Doors(
            crypto=wecom.CallbackCrypto(
                settings.wecom_callback_token.get_secret_value(),
                settings.wecom_callback_aes_key.get_secret_value(),
                settings.wecom_corp_id,
            ),
            till=till_client(settings, http, utc_now),
            keys=member_keys(settings),
            intake=Intake(database, Courier(temporal, database, utc_now), utc_now),
            database=database,
            temporal=temporal,
            clock=utc_now,
            callback_max_age_seconds=settings.wecom_callback_max_age_seconds,
            link_key=settings.link_key.get_secret_value().encode(),
        )
        # The access log would show signatures and nonces; the counts are in /metrics.
        config = uvicorn.Config(
            create_app(doors),
            host=settings.gateway_host,
            port=settings.gateway_port,
            access_log=False,
        )
        await uvicorn.Server(config).serve()
    await database.close()


def main() -> None:
    settings = load()
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    asyncio.run(serve(settings))


if __name__ == "__main__":
    main()
