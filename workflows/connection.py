"""Connecting to Temporal, the same way for every process."""

from temporalio.client import Client

from activities.codec import EncryptingCodec
from settings import Settings
from workflows.plugin import plugin


async def connect(settings: Settings) -> Client:
    """A client with the project's plugin; encrypted payloads when PAYLOAD_KEY is set."""
    key = settings.payload_key
    codecs = [EncryptingCodec(key.get_secret_value())] if key else []
    return await Client.connect(**settings.temporal_connect(), plugins=[plugin(codecs)])
