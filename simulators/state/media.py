"""Uploaded files: media ids for three days, image URLs for ever (contract §11.2)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from simulators import ids
from simulators.clock import CHINA, Clock
from simulators.config import SimulatorConfig
from simulators.errors import WeComFault

MediaType = Literal["image", "voice", "video", "file"]

# [A]: "more than 5 bytes".
_SMALLEST = 5


@dataclass
class Medium:
    media_id: str
    type: MediaType
    filename: str
    content: bytes
    content_type: str
    created_at: datetime


class Media:
    def __init__(self, config: SimulatorConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._media: dict[str, Medium] = {}
        self.images: dict[str, bytes] = {}  # of uploadimg, by key
        self._image_day: date | None = None
        self._images_today = 0

    def upload(self, type_: MediaType, filename: str, content: bytes, content_type: str) -> Medium:
        _check(type_, content, self._limit(type_))
        medium = Medium(ids.media_id(), type_, filename, content, content_type, self._clock())
        self._media[medium.media_id] = medium
        return medium

    def upload_image(self, content: bytes) -> str:
        _check("image", content, self._config.uploadimg_bytes)
        today = self._clock().astimezone(CHINA).date()
        if today != self._image_day:
            self._image_day, self._images_today = today, 0
        if self._images_today >= self._config.uploadimg_per_day:
            raise WeComFault(45009)
        self._images_today += 1
        key = ids.config_id()
        self.images[key] = content
        return key

    def get(self, media_id: str) -> Medium:
        medium = self._media.get(media_id)
        if medium is None or self._clock() - medium.created_at > timedelta(days=self._config.media_days):
            raise WeComFault(40007)
        return medium

    def require(self, media_id: str, type_: MediaType) -> None:
        if self.get(media_id).type != type_:
            raise WeComFault(40007, f"not of type {type_}")

    def _limit(self, type_: MediaType) -> int:
        limits = {
            "image": self._config.image_bytes,
            "voice": self._config.voice_bytes,
            "video": self._config.video_bytes,
            "file": self._config.file_bytes,
        }
        return limits[type_]


def _check(type_: MediaType, content: bytes, limit: int) -> None:
    if len(content) <= _SMALLEST:
        raise WeComFault(44001)
    if len(content) > limit:
        raise WeComFault({"image": 40009, "video": 40011}.get(type_, 45001))
    match type_:
        case "image" if not content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n")):
            raise WeComFault(40123)
        case "voice" if not content.startswith(b"#!AMR"):
            raise WeComFault(40005)
        case "video" if content[4:8] != b"ftyp":  # the first box of an MP4 file
            raise WeComFault(40005)
        case _:
            pass
