"""Reading request bodies with a cap, so that nobody can fill the memory."""

from starlette.requests import Request

MAX_BODY_BYTES = 1024 * 1024


class TooLarge(Exception):
    """The body is over 1 MiB; WeCom's and the tills' are a few kilobytes."""


async def read_body(request: Request) -> bytes:
    """The raw body, as it was signed. Raises TooLarge before it has read more than the cap."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise TooLarge(f"over {MAX_BODY_BYTES} bytes")
        chunks.append(chunk)
    return b"".join(chunks)
