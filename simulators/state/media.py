"""Uploaded files: media ids for three days, image URLs for ever (contract §11.2)."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from simulators import ids
from simulators.clock import CHINA, Clock
from simulators.config import SimulatorConfig
from simulators.errors import WeComFault
from simulators.saved import Blob
from simulators.state import formats

MediaType = Literal["image", "voice", "video", "file"]
# What a file was uploaded for; moments take only their own (§13.14).
Scene = Literal["message", "moments", "album", "group_welcome"]

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
    scene: Scene = "message"


class Media:
    def __init__(self, config: SimulatorConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._media: dict[str, Medium] = {}
        self.images: dict[str, bytes] = {}  # of uploadimg, by key
        self._uploaded: Counter[str] = Counter()  # images of uploadimg, by day and by month

    def upload(self, type_: MediaType, filename: str, content: bytes, content_type: str) -> Medium:
        _check_size(type_, content, self._limit(type_))
        _check_format(type_, content)
        if type_ == "voice" and formats.amr_seconds(content) > self._config.voice_seconds:
            raise WeComFault(45001, "voice is too long")
        return self.keep(type_, filename, content, content_type, "message")

    def upload_attachment(self, type_: MediaType, filename: str, content: bytes, scene: Scene) -> Medium:
        if len(content) <= _SMALLEST:
            raise WeComFault(44001)
        if len(content) > self._config.attachment_bytes:
            raise WeComFault(41080)
        _check_format(type_, content)
        if type_ == "video" and formats.mp4_seconds(content) > self._config.attachment_video_seconds:
            raise WeComFault(41082)
        if type_ == "image" and scene == "moments":
            self._check_pixels(content)
        return self.keep(type_, filename, content, "application/octet-stream", scene)

    def upload_image(self, content: bytes) -> str:
        _check_size("image", content, self._config.uploadimg_bytes)
        _check_format("image", content)
        today = self._clock().astimezone(CHINA).date().isoformat()
        month = today[:7]
        if (
            self._uploaded[today] >= self._config.uploadimg_per_day
            or self._uploaded[month] >= self._config.uploadimg_per_month
        ):
            raise WeComFault(45009)
        self._uploaded.update((today, month))
        return self.publish(content)

    def publish(self, content: bytes) -> str:
        """An address for ever; returns its key."""
        key = ids.config_id()
        self.images[key] = Blob(content)
        return key

    def keep(
        self, type_: MediaType, filename: str, content: bytes, content_type: str, scene: Scene
    ) -> Medium:
        medium = Medium(ids.media_id(), type_, filename, Blob(content), content_type, self._clock(), scene)
        self._media[medium.media_id] = medium
        return medium

    def get(self, media_id: str) -> Medium:
        medium = self._media.get(media_id)
        if medium is None or self._clock() - medium.created_at > timedelta(days=self._config.media_days):
            raise WeComFault(40007)
        return medium

    def ever(self, media_id: str) -> Medium | None:
        """Expired ones too: what was sent with one stays on the phone."""
        return self._media.get(media_id)

    def require(self, media_id: str, type_: MediaType, *scenes: Scene) -> Medium:
        """Of this type, and uploaded for one of these scenes (messages, if none is named)."""
        medium = self.get(media_id)
        if medium.type != type_:
            raise WeComFault(40007, f"not of type {type_}")
        if medium.scene not in (scenes or ("message",)):
            raise WeComFault(40007, f"uploaded for {medium.scene}")
        return medium

    def require_for_moment(self, media_id: str, type_: MediaType) -> Medium:
        """Only from media/upload_attachment (40007), and there for moments (41072)."""
        if self.get(media_id).scene == "album":
            raise WeComFault(41072)
        return self.require(media_id, type_, "moments")

    def _check_pixels(self, content: bytes) -> None:
        size = formats.picture_size(content)
        longest, shortest = self._config.attachment_pixels
        if size is not None and (max(size) > longest or min(size) > shortest):
            raise WeComFault(41081)

    def _limit(self, type_: MediaType) -> int:
        limits = {
            "image": self._config.image_bytes,
            "voice": self._config.voice_bytes,
            "video": self._config.video_bytes,
            "file": self._config.file_bytes,
        }
        return limits[type_]


def _check_size(type_: MediaType, content: bytes, limit: int) -> None:
    if len(content) <= _SMALLEST:
        raise WeComFault(44001)
    if len(content) > limit:
        raise WeComFault({"image": 40009, "video": 40011}.get(type_, 45001))


def _check_format(type_: MediaType, content: bytes) -> None:
    match type_:
        case "image" if not formats.is_picture(content):
            raise WeComFault(40123)
        case "voice" if not formats.is_amr(content):
            raise WeComFault(40005)
        case "video" if not formats.is_mp4(content):
            raise WeComFault(40005)
        case _:
            pass
