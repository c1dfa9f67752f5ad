"""素材: files that messages refer to, and the QR images behind a contact or join way. Contract §11.2."""

from __future__ import annotations

import re
from typing import Any, Literal
from urllib.parse import unquote

from pydantic import Field, model_validator

from integrations.exchange import Upload
from integrations.wecom.endpoints.base import Endpoints
from integrations.wecom.errors import InvalidMessage
from integrations.wecom.types import Moment, OpenNumber, OptionalMoment, Shape
from integrations.wecom.wire import Call

MediaKind = Literal["image", "voice", "video", "file"]
AttachmentKind = Literal["image", "video", "file"]

MIB = 1024 * 1024
MAX_BYTES: dict[MediaKind, int] = {"image": 10 * MIB, "voice": 2 * MIB, "video": 10 * MIB, "file": 20 * MIB}
MAX_PERMANENT_BYTES = 2 * MIB
MAX_DOWNLOAD_BYTES = 20 * MIB
MIN_BYTES = 6  # "more than 5 bytes"
MD5_HEX = re.compile(r"[0-9a-fA-F]{32}")

FOR_MOMENTS, FOR_ALBUM = 1, 2
SCENE_GROUP_WELCOME = 1


class UploadedMedia(Shape):
    """`media_id` lives 3 days from `created_at`, for all apps of the corp."""

    type: str
    media_id: str
    created_at: Moment


class DownloadedMedia(Shape):
    """`content_type` is WeCom's word for it; `filename` is empty when it gives none."""

    content: bytes = Field(repr=False)
    content_type: str
    filename: str = ""


class UploadStatus(OpenNumber):
    UNKNOWN = -1
    RUNNING = 1
    DONE = 2
    FAILED = 3


class UploadJob(Shape):
    """`media_id` and `created_at` are there once the status is DONE; `errcode` says why it FAILED."""

    status: UploadStatus
    errcode: int = 0
    errmsg: str = ""
    media_id: str = ""
    created_at: OptionalMoment = None

    @model_validator(mode="before")
    @classmethod
    def _from_answer(cls, data: Any) -> Any:
        """The job's own errcode is inside `detail`; the outer one is the call's."""
        if isinstance(data, dict) and isinstance(data.get("detail"), dict):
            return {"status": data.get("status"), **data["detail"]}
        return data


class _PicUrl(Shape):
    url: str


class _JobId(Shape):
    jobid: str


class Media(Endpoints):
    async def upload_media(self, kind: MediaKind, filename: str, content: bytes) -> UploadedMedia:
        _check_size(kind, content, MAX_BYTES[kind])
        call = Call("media/upload", query={"type": kind}, upload=Upload("media", filename, content))
        return await self._transport.call(
            call, UploadedMedia, timeout_seconds=self._transport.transfer_timeout_seconds
        )

    async def upload_attachment(
        self, kind: AttachmentKind, filename: str, content: bytes, *, album: bool = False
    ) -> UploadedMedia:
        """For Moments, or with `album` for the product album: neither takes a media_id of upload_media."""
        _check_size(kind, content, MAX_BYTES[kind])
        query = {"media_type": kind, "attachment_type": str(FOR_ALBUM if album else FOR_MOMENTS)}
        call = Call("media/upload_attachment", query=query, upload=Upload("media", filename, content))
        return await self._transport.call(
            call, UploadedMedia, timeout_seconds=self._transport.transfer_timeout_seconds
        )

    async def upload_permanent_image(self, filename: str, content: bytes) -> str:
        """A pic_url for ever, for messages inside WeCom only; 1000 a day and 3000 a month in a corp."""
        _check_size("image", content, MAX_PERMANENT_BYTES)
        call = Call("media/uploadimg", upload=Upload("media", filename, content))
        found = await self._transport.call(
            call, _PicUrl, timeout_seconds=self._transport.transfer_timeout_seconds
        )
        return found.url

    async def upload_by_url(self, kind: Literal["video", "file"], filename: str, url: str, md5: str) -> str:
        """The jobid of a fetch by WeCom, up to 200 MB, for group welcomes; `md5` is the file's, in hex.

        The end comes as the event upload_media_job_finish, or ask get_upload_by_url_result.
        """
        if not MD5_HEX.fullmatch(md5):
            raise InvalidMessage("md5", "give the file's MD5 as 32 hex digits")
        body = {"scene": SCENE_GROUP_WELCOME, "type": kind, "filename": filename, "url": url, "md5": md5}
        return (await self._transport.call(Call("media/upload_by_url", body=body), _JobId)).jobid

    async def get_upload_by_url_result(self, jobid: str) -> UploadJob:
        call = Call("media/get_upload_by_url_result", body={"jobid": jobid})
        return await self._transport.call(call, UploadJob)

    async def download_media(self, media_id: str) -> DownloadedMedia:
        """At most 20 MiB. Raises Refused 40007 for what is unknown or over 3 days old."""
        call = Call("media/get", query={"media_id": media_id})
        answer = await self._transport.download(call, max_bytes=MAX_DOWNLOAD_BYTES)
        return DownloadedMedia(
            content=answer.body,
            content_type=answer.headers.get("content-type", "application/octet-stream"),
            filename=_filename(answer.headers.get("content-disposition", "")),
        )

    async def fetch_image(self, url: str) -> bytes:
        """The image behind a `qr_code`, at most 10 MiB. Needs no token, and is given none."""
        return await self._transport.download_image("fetch_image", url, max_bytes=MAX_BYTES["image"])


def _check_size(kind: str, content: bytes, most: int) -> None:
    if not MIN_BYTES <= len(content) <= most:
        raise InvalidMessage("content", f"{len(content)} bytes; {kind} takes {MIN_BYTES} to {most}")


def _filename(disposition: str) -> str:
    """Of a Content-Disposition header; the encoded form (filename*) comes first."""
    encoded = re.search(r"filename\*=(?:UTF-8|utf-8)''([^;]+)", disposition)
    if encoded:
        return unquote(encoded[1].strip())
    plain = re.search(r'filename="?([^";]+)"?', disposition)
    return plain[1].strip() if plain else ""
