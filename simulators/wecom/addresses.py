"""The IPs of WeCom's own servers, for a firewall (contract §1.1)."""

from simulators.wecom.route import Answer, ok, wecom_router
from simulators.world import WorldDep

router = wecom_router()


@router.get("/getcallbackip")
async def getcallbackip(world: WorldDep) -> Answer:
    """Whence the callbacks come."""
    return ok(ip_list=list(world.config.callback_ips))


@router.get("/get_api_domain_ip")
async def get_api_domain_ip(world: WorldDep) -> Answer:
    """Where this API is."""
    return ok(ip_list=list(world.config.api_ips))
