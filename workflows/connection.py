"""Connecting to Temporal, the same way for every process."""

from temporalio.client import Client

from activities.codec import EncryptingCodec
from domain.errors import Explained
from settings import Settings
from workflows.plugin import plugin


class TemporalUnreachable(Explained):
    """No Temporal server answers at the address of the settings."""


async def connect(settings: Settings) -> Client:
    """A client with the project's plugin; encrypted payloads when PAYLOAD_KEY is set.

    Raises TemporalUnreachable.
    """
    key = settings.payload_key
    codecs = [EncryptingCodec(key.get_secret_value())] if key else []
    try:
        return await Client.connect(**settings.temporal_connect(), plugins=[plugin(codecs)])
    except RuntimeError:  # what the SDK raises when nobody answers
        raise TemporalUnreachable(
            f"Temporal does not answer at {settings.temporal_address}: check TEMPORAL_ADDRESS, "
            "or start the embedded stack: make up"
        ) from None
