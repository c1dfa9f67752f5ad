"""A store opening: 600 scans in 60 seconds (peer-failures, check 20). How many greetings are lost, the p99.

Everything runs on this one machine: the simulated WeCom and its callbacks, the gateway, Temporal, PostgreSQL
and the worker share its cores. Lost means: not on the phone within WeCom's 20 seconds.
"""

from bench.chain import Chain, report

SCANS, SECONDS = 600, 60


async def measure(chain: Chain) -> None:
    await chain.scans("warm", SECONDS, 5.0)
    seconds = await chain.scans("opening", SCANS, SCANS / SECONDS)
    report("600 in 60 s", seconds)
    outcomes = await chain.welcome_outcomes()
    print("outcomes in the ledger: " + ", ".join(f"{name} {n}" for name, n in sorted(outcomes.items())))
