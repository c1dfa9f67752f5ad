"""The till under /pos/."""

from simulators.till.api import router

__all__ = ["router"]
