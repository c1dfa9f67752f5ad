"""The codes of an answer's envelope. Contract §7; a code that is not here leaves open what happened."""

from __future__ import annotations

from integrations.pos.errors import (
    PosAuthError,
    PosError,
    PosInvalidRequest,
    PosNotFound,
    PosPermissionError,
)

OK = "0"
BAD_SIGNATURE = "1001"  # the token of the signature has expired, or it never was right

REFUSALS: dict[str, type[PosError]] = {
    "1000": PosInvalidRequest,  # a parameter
    BAD_SIGNATURE: PosAuthError,
    "1002": PosPermissionError,  # this app may not act for this shop, or has not bought the interface
    **{str(code): PosAuthError for code in range(100, 109)},
    "2003": PosNotFound,  # the order
    **{str(code): PosInvalidRequest for code in (2000, 2004, 2005, 2006, 2007, 2008, 2100, 2101)},
}
