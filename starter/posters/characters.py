"""Which characters a font can draw, read from its `cmap` table (OpenType specification, formats 4 and 12)."""

import struct
from pathlib import Path

from starter.runtime import CommandFailed

COLLECTION = b"ttcf"
FORMS = (b"OTTO", b"true", b"\0\1\0\0")
UNICODE_TABLES = {(0, 3), (0, 4), (0, 6), (3, 1), (3, 10)}


def drawable(font: Path) -> frozenset[int]:
    """Code points. Raises CommandFailed for a file that is no font."""
    try:
        return frozenset(_read(font.read_bytes()))
    except (OSError, struct.error, KeyError, IndexError, ValueError):
        raise CommandFailed(f"{font} is no font that can be read: give a .ttf, .otf or .ttc file") from None


def _read(data: bytes) -> set[int]:
    start = struct.unpack_from(">I", data, 12)[0] if data[:4] == COLLECTION else 0  # the first face
    if data[start : start + 4] not in FORMS:
        raise ValueError("not OpenType")
    count = struct.unpack_from(">H", data, start + 4)[0]
    records = (struct.unpack_from(">4sIII", data, start + 12 + 16 * i) for i in range(count))
    cmap = {tag: offset for tag, _, offset, _ in records}[b"cmap"]
    found: set[int] = set()
    for i in range(struct.unpack_from(">H", data, cmap + 2)[0]):
        platform, encoding, offset = struct.unpack_from(">HHI", data, cmap + 4 + 8 * i)
        if (platform, encoding) in UNICODE_TABLES:
            found |= _subtable(data, cmap + offset)
    return found


def _subtable(data: bytes, at: int) -> set[int]:
    form = struct.unpack_from(">H", data, at)[0]
    if form == 12:
        groups = struct.unpack_from(">I", data, at + 12)[0]
        spans = (struct.unpack_from(">III", data, at + 16 + 12 * i) for i in range(groups))
        return {
            code for first, last, glyph in spans for code in range(first, last + 1) if glyph + code - first
        }
    return _segments(data, at) if form == 4 else set()


def _segments(data: bytes, at: int) -> set[int]:
    """Format 4: runs of characters, whose glyphs are counted up or looked up; glyph 0 stands for none."""
    count = struct.unpack_from(">H", data, at + 6)[0] // 2
    ends = struct.unpack_from(f">{count}H", data, at + 14)
    starts, deltas, offsets = (
        struct.unpack_from(f">{count}H", data, at + 16 + 2 * count * part) for part in (1, 2, 3)
    )
    found = set()
    for i in range(count):
        for code in range(starts[i], min(ends[i], 0xFFFE) + 1):
            glyph = code
            if offsets[i]:
                place = at + 16 + 6 * count + 2 * i + offsets[i] + 2 * (code - starts[i])
                glyph = struct.unpack_from(">H", data, place)[0]
                if glyph == 0:
                    continue
            if (glyph + deltas[i]) % 0x10000:
                found.add(code)
    return found
