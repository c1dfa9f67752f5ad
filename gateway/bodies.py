"""Reading request bodies with a cap, so that nobody can fill the memory."""

from starlette.requests import ClientDisconnect, Request

MAX_BODY_BYTES = 1024 * 1024


class TooLarge(Exception):
    """The body is over its cap; WeCom's, the tills' and the forms' are a few kilobytes."""


class HungUp(TooLarge):
    """Whoever sent it is gone before its end: nobody hears the answer."""


async def read_body(request: Request, most_bytes: int = MAX_BODY_BYTES) -> bytes:
    """The raw body, as it was signed. Raises TooLarge before it has read more than the cap, and HungUp."""
    chunks, size = [], 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > most_bytes:
                raise TooLarge(f"over {most_bytes} bytes")
            chunks.append(chunk)
    except ClientDisconnect:
        raise HungUp(f"after {size} bytes") from None
    return b"".join(chunks)
