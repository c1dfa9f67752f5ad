"""The API under /cgi-bin/, one module per topic of the contract."""

from fastapi import APIRouter

from simulators.wecom import (
    contact_ways,
    customers,
    groups,
    join_ways,
    mass,
    mass_results,
    media,
    messages,
    tags,
    token,
    welcome,
)

MODULES = (
    token,
    contact_ways,
    welcome,
    tags,
    customers,
    groups,
    join_ways,
    media,
    mass,
    mass_results,
    messages,
)

router = APIRouter()
for module in MODULES:
    router.include_router(module.router)
