"""When a till that fails is down, and not one record of it unreadable."""

from collections.abc import Iterable

from integrations import pos

IN_A_ROW = 3  # one record that nobody can read must not keep all others waiting


class TillDown:
    """Told what each call came to, in their order."""

    def __init__(self) -> None:
        self._in_a_row = 0

    def after(self, trouble: Iterable[Exception]) -> bool:
        """Whether all that is left would be asked in vain."""
        silent = any(isinstance(error, pos.PosError) and error.retryable for error in trouble)
        self._in_a_row = self._in_a_row + 1 if silent else 0
        return self._in_a_row >= IN_A_ROW
