"""For the tests of other projects, with pytest: `pytest_plugins = ["simulators.testing"]` in conftest.py.

Then a test takes `wecom_simulator`. Other frameworks use `running_simulator` directly, which needs no pytest.
"""

from collections.abc import Iterator

import pytest

from simulators.config import SimulatorConfig
from simulators.from_settings import standalone_config
from simulators.running import Simulator, running_simulator

__all__ = ["Simulator", "running_simulator", "wecom_simulator", "wecom_simulator_config"]


@pytest.fixture(scope="session")
def wecom_simulator_config() -> SimulatorConfig:
    """Override this fixture for a corp of your own, or to be called back (callback_url)."""
    return standalone_config()


@pytest.fixture(scope="session")
def _wecom_simulator_url(wecom_simulator_config: SimulatorConfig) -> Iterator[str]:
    with running_simulator(wecom_simulator_config) as url:
        yield url


@pytest.fixture
def wecom_simulator(_wecom_simulator_url: str, wecom_simulator_config: SimulatorConfig) -> Simulator:
    """One server for the session, an empty world for each test."""
    simulator = Simulator(_wecom_simulator_url, wecom_simulator_config)
    simulator.control("reset")
    return simulator
