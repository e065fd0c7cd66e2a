"""Fixtures for all tests, and the marker for those that ask the real index."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator

import hypothesis
import pytest

from support.server import Answer, Asked, Serve, Server

# Same examples in every run, and no clock: a busy machine must not fail a test. EXAMPLES=1000 tries more by hand.
hypothesis.settings.register_profile(
    "steady", deadline=None, derandomize=True, max_examples=int(os.environ.get("EXAMPLES", "30"))
)
hypothesis.settings.load_profile("steady")


def pytest_configure() -> None:
    """Make the programs that tests start cheap.

    They keep their bytecode, and are not measured by coverage, which slows them by half: the same code is tested in
    process.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if "PYTEST_XDIST_WORKER" in os.environ:
        os.environ.pop("COVERAGE_PROCESS_CONFIG", None)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--online", action="store_true", help="also run the tests that ask pypi.org")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--online"):
        return
    online = [item for item in items if item.get_closest_marker("online")]
    if online:
        config.hook.pytest_deselected(items=online)
        items[:] = [item for item in items if item not in online]


@pytest.fixture(scope="session", autouse=True)
def _own_temporary_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What py-rattler-build leaves in the temporary folder at each rendering goes away with the session."""
    folder = tmp_path_factory.mktemp("temporary")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder))
        patch.setattr(tempfile, "tempdir", None)
        yield
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the settings, tokens, proxies or the terminal of the person who runs it."""
    for name in list(os.environ):
        mine = name.startswith(("DIRAC_FORGE_", "GITHUB_", "GH_")) or name in ("COLUMNS", "LINES")
        if mine or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts servers, which end with the test."""
    servers: list[Server] = []

    def start(answer: Callable[[Asked], Answer]) -> Server:
        servers.append(Server(answer).__enter__())
        return servers[-1]

    yield start
    for server in servers:
        server.__exit__(None, None, None)
