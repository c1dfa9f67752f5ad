"""What an uploaded file says of itself: how long it plays, how large its picture is (contract §11.2)."""

from collections.abc import Iterator

JPEG, PNG = b"\xff\xd8\xff", b"\x89PNG\r\n"
AMR = b"#!AMR\n"

# Bytes of a narrow-band AMR frame by its mode; each is 20 ms.
_FRAME_BYTES = (12, 13, 15, 17, 19, 20, 26, 31, 5, 0, 0, 0, 0, 0, 0, 0)
_FRAME_SECONDS = 0.02
# The JPEG markers that start a frame, less the three of the same range that do something else.
_FRAME_MARKERS = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def is_picture(content: bytes) -> bool:
    return content.startswith((JPEG, PNG))


def is_amr(content: bytes) -> bool:
    return content.startswith(b"#!AMR")


def is_mp4(content: bytes) -> bool:
    """The first box of the file says so."""
    return content[4:8] == b"ftyp"


def amr_seconds(content: bytes) -> float:
    at, frames = len(AMR), 0
    while at < len(content):
        at += 1 + _FRAME_BYTES[content[at] >> 3 & 0xF]
        frames += 1
    return frames * _FRAME_SECONDS


def mp4_seconds(content: bytes) -> float:
    """0 for a file without a movie header."""
    for kind, movie in _boxes(content):
        for inner, header in _boxes(movie) if kind == b"moov" else ():
            if inner == b"mvhd":
                wide = header[:1] == b"\x01"  # version 1 has 8-byte times
                scale_at = 20 if wide else 12
                scale = int.from_bytes(header[scale_at : scale_at + 4])
                duration = int.from_bytes(header[scale_at + 4 : scale_at + (12 if wide else 8)])
                return duration / scale if scale else 0
    return 0


def picture_size(content: bytes) -> tuple[int, int] | None:
    """Width and height; None when the file does not say."""
    if content.startswith(PNG):
        if content[12:16] != b"IHDR":
            return None
        return int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    return _jpeg_size(content)


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        if content[at + 1] in _FRAME_MARKERS:
            return int.from_bytes(content[at + 7 : at + 9]), int.from_bytes(content[at + 5 : at + 7])
        at += 2 + int.from_bytes(content[at + 2 : at + 4])
    return None


def _boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(content):
        size, header = int.from_bytes(content[at : at + 4]), 8
        if size == 1:
            size, header = int.from_bytes(content[at + 8 : at + 16]), 16
        if size == 0:  # to the end of the file
            size = len(content) - at
        if size < header:
            return
        yield content[at + 4 : at + 8], content[at + header : at + size]
        at += size
