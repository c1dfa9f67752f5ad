"""A group's own QR, which a member saves as a picture: it lives for some days (peer-failures, check 9)."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulators.clock import Clock
from simulators.config import SimulatorConfig
from simulators.state.groups import Group, Groups
from simulators.state.refused import Refused, Unknown


@dataclass
class HandQr:
    token: str
    chat_id: str
    expires_at: datetime


class HandQrs:
    def __init__(self, config: SimulatorConfig, clock: Clock, groups: Groups) -> None:
        self._config = config
        self._clock = clock
        self._groups = groups
        self.all: dict[str, HandQr] = {}

    def export(self, group: Group) -> HandQr:
        expires_at = self._clock() + timedelta(days=self._config.hand_qr_days)
        qr = HandQr(secrets.token_hex(16), group.chat_id, expires_at)
        self.all[qr.token] = qr
        return qr

    def group(self, token: str) -> Group:
        """Of a QR that is still good."""
        qr = self.all.get(token)
        if qr is None:
            raise Unknown("exported group QR", token)
        if self._clock() >= qr.expires_at:
            raise Refused(f"the QR expired at {qr.expires_at.isoformat()}")
        return self._groups.living(qr.chat_id)
