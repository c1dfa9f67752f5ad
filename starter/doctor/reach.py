"""Whether anybody listens at an address, in words; an outside that does not answer is given little time."""

import asyncio
import socket
import ssl

import httpx

CONNECT_SECONDS = 3.0


async def unreachable(host: str, port: int) -> str:
    """Why nobody can be reached there; empty when somebody listens."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError) as error:
        return reason(error)
    writer.close()
    return ""


def reason(error: BaseException) -> str:
    """The first cause that says something, by its type: texts differ between machines."""
    for cause in _causes(error):
        match cause:
            case ssl.SSLCertVerificationError():
                return f"its certificate is not accepted ({cause.verify_message})"
            case ssl.SSLError():
                return "it does not speak TLS as we do"
            case socket.gaierror():
                return "the name is not known to DNS"
            case ConnectionRefusedError():
                return "nobody listens there"
            case TimeoutError() | httpx.TimeoutException():
                return f"no answer within {CONNECT_SECONDS:g} s"
    return f"it cannot be reached ({type(error).__name__})"


def _causes(error: BaseException | None) -> list[BaseException]:
    """The error, what it was raised from, and the parts of groups, the innermost first."""
    found: list[BaseException] = []
    while error is not None:
        if isinstance(error, BaseExceptionGroup):
            found += [part for each in error.exceptions for part in _causes(each)]
        found.append(error)
        error = error.__cause__ or error.__context__
    return found[::-1]
