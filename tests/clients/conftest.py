"""The package as it is built now, once for all tests."""

from pathlib import Path

import pytest

from tests.clients.typescript import built


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("typescript"))
