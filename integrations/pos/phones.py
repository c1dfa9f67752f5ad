"""Phone numbers as tills write them: "138 0013 8000", "+86-138-0013-8000", "8613800138000", "138****8000"."""

from __future__ import annotations

from phonenumbers import (
    NumberParseException,
    PhoneNumberFormat,
    PhoneNumberType,
    ValidationResult,
    format_number,
    is_possible_number_for_type_with_reason,
    parse,
)

_BETWEEN = "+-() ."  # what people write between digits; anything else hides or encrypts the number


def e164(text: str | None, region: str = "CN") -> str | None:
    """As +8613800138000; None for what is hidden, encrypted, too short, or of no person (a landline).

    `region` is where a number without + is. Possible, not valid: new ranges are given out before the library
    knows them.
    """
    written = (text or "").strip()
    if not all(sign.isdigit() or sign in _BETWEEN for sign in written):
        return None
    try:
        number = parse(written, region)
    except NumberParseException:
        return None
    reason = is_possible_number_for_type_with_reason(number, PhoneNumberType.MOBILE)
    if reason != ValidationResult.IS_POSSIBLE:
        return None
    return format_number(number, PhoneNumberFormat.E164)
