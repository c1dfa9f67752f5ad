"""素材: files that messages refer to, and the QR images behind a contact or join way. Contract §11.2."""

from __future__ import annotations

from typing import Literal

from integrations.exchange import Upload
from integrations.wecom.endpoints.base import Endpoints
from integrations.wecom.errors import InvalidMessage
from integrations.wecom.types import Moment, Shape
from integrations.wecom.wire import Call

MediaKind = Literal["image", "video", "file"]

MIB = 1024 * 1024
MAX_BYTES: dict[MediaKind, int] = {"image": 10 * MIB, "video": 10 * MIB, "file": 20 * MIB}
MIN_BYTES = 6  # "more than 5 bytes"


class UploadedMedia(Shape):
    """`media_id` lives 3 days from `created_at`, for all apps of the corp."""

    type: str
    media_id: str
    created_at: Moment


class Media(Endpoints):
    async def upload_media(self, kind: MediaKind, filename: str, content: bytes) -> UploadedMedia:
        if not MIN_BYTES <= len(content) <= MAX_BYTES[kind]:
            raise InvalidMessage(
                "content", f"{len(content)} bytes; {kind} takes {MIN_BYTES} to {MAX_BYTES[kind]}"
            )
        call = Call("media/upload", query={"type": kind}, upload=Upload("media", filename, content))
        return await self._transport.call(
            call, UploadedMedia, timeout_seconds=self._transport.transfer_timeout_seconds
        )

    async def fetch_image(self, url: str) -> bytes:
        """The image behind a `qr_code`, at most 10 MiB. Needs no token, and is given none."""
        return await self._transport.download_image("fetch_image", url, max_bytes=MAX_BYTES["image"])
