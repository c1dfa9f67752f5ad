"""What a person in this world cannot do; the control API answers it with a 4xx."""


class Refused(Exception):
    def __init__(self, reason: str, *, status: int = 409) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


class Unknown(Refused):
    def __init__(self, what: str, key: str) -> None:
        super().__init__(f"no {what} {key!r}", status=404)
