"""Codes of OAuth2: an employee opened a page of the app in the client (contract §11.3)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from simulators import ids
from simulators.clock import Clock
from simulators.errors import WeComFault

CODE_SECONDS = 300


@dataclass
class SignIn:
    userid: str
    at: datetime


class SignIns:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._codes: dict[str, SignIn] = {}

    def code(self, userid: str) -> str:
        code = ids.welcome_code()
        self._codes[code] = SignIn(userid, self._clock())
        return code

    def take(self, code: str) -> str:
        """Once, and within five minutes."""
        known = self._codes.pop(code, None)
        if known is None or self._clock() - known.at > timedelta(seconds=CODE_SECONDS):
            raise WeComFault(40029)
        return known.userid
