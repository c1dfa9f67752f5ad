"""The pictures beside a file: published with it by content, so that no later file changes a version."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

MOST_BYTES = 10 * 1024 * 1024  # of an image that WeCom takes (contract §11.2)
LEAST_BYTES = 6
_BEGINNINGS = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
_FILE_FIELDS = {"picture": "file", "miniprogram": "picture"}  # of an attachment: where it names its file

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class PictureFile:
    """One picture, read."""

    digest: str
    content_type: str
    content: bytes


def with_pictures(written: Model, folder: Path) -> tuple[Model, list[PictureFile]]:
    """A file as it is published, with the digests of its pictures; and the pictures, each once.

    Raises ValueError for a file that is missing or no picture; the loader has said so before, with its line.
    """
    body = written.model_dump(mode="json")
    pictures: dict[str, PictureFile] = {}
    for part, field in _parts(body):
        picture = _read(folder / part[field])
        pictures[picture.digest] = picture
        part["digest"] = picture.digest
    return type(written).model_validate(body), list(pictures.values())


def problem(path: Path) -> str | None:
    """What is wrong with a picture that is there; None if WeCom takes it."""
    size = path.stat().st_size
    if size > MOST_BYTES:
        return f"{path.name!r} has {size / 2**20:.1f} MB, WeCom takes {MOST_BYTES // 2**20}: make it smaller"
    with path.open("rb") as file:
        beginning = file.read(8)
    if size < LEAST_BYTES or _content_type(beginning) is None:
        return f"{path.name!r} holds no PNG or JPEG picture, whatever its name says: export it anew"
    return None


def _read(path: Path) -> PictureFile:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path}: cannot be read: {error.strerror}") from None
    if wrong := problem(path):
        raise ValueError(f"{path}: {wrong}")
    return PictureFile(hashlib.sha256(content).hexdigest(), _content_type(content) or "", content)


def _content_type(content: bytes) -> str | None:
    return next((kind for beginning, kind in _BEGINNINGS.items() if content.startswith(beginning)), None)


def _parts(body: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """Every part of a file's body that names a picture's file, and the field that does."""
    if isinstance(body, list):
        for one in body:
            yield from _parts(one)
    elif isinstance(body, dict):
        for key in body.keys() & {"attachments"}:
            for attachment in body[key] or ():
                yield from ((attachment[k], f) for k, f in _FILE_FIELDS.items() if attachment.get(k))
        for value in body.values():
            yield from _parts(value)
