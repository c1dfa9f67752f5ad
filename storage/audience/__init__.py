"""Whom a condition means, evaluated in PostgreSQL: in pages, as a number, as a sample, and by what they can
be reached.
"""

from storage.audience.looking import count, page, sample
from storage.audience.predicate import matches
from storage.audience.reach import WHY_NOT, Reach, WhyNot, reach, why_not

__all__ = ["WHY_NOT", "Reach", "WhyNot", "count", "matches", "page", "reach", "sample", "why_not"]
