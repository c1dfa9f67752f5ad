"""What can go wrong with a till. Contract §3.

PosError                provider_code, retry_after_s
├── PosAuthError        the key was refused: somebody must act
├── PosPermissionError  a capability pack, scope or address list is missing at the provider
├── PosInvalidRequest   this call can never succeed
├── PosNotFound         no such thing
├── PosAmbiguous        more than one answer where one was meant: never guess
├── PosDuplicate        the provider says that this key or code is used already
├── PosRateLimited      retryable, after retry_after_s
├── PosQuotaExhausted   the day's or month's calls are used up: not before retry_after_s
├── PosUnavailable      retryable: nothing was changed
├── PosOutcomeUnknown   a WRITE without an answer: ask find_coupon before any retry
└── WebhookRejected     a push that is not authentic, too old or not understandable
"""

from __future__ import annotations

from domain.errors import Explained

MOST_CHARS = 300  # what a provider calls a code may be of any length


class PosError(Explained):
    """`provider_code` is the provider's own; `retry_after_s` only where the provider named it."""

    retryable = False

    def __init__(
        self, text: str, *, provider_code: str | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(text[:MOST_CHARS])
        self.provider_code = provider_code
        self.retry_after_s = retry_after_s


class PosAuthError(PosError):
    pass


class PosPermissionError(PosAuthError):
    pass


class PosInvalidRequest(PosError):
    pass


class PosDuplicate(PosError):
    pass


class PosNotFound(PosError):
    pass


class PosAmbiguous(PosError):
    pass


class PosRateLimited(PosError):
    retryable = True


class PosQuotaExhausted(PosError):
    retryable = True


class PosUnavailable(PosError):
    retryable = True


class PosOutcomeUnknown(PosError):
    pass


class WebhookRejected(PosError):
    pass
