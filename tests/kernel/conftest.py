"""The one fixture that most kernel tests ask for."""

from collections.abc import Iterator

import pytest

from tests.kernel.namespace import throwaway


@pytest.fixture
def namespace() -> Iterator[None]:
    """The test, and every process it starts, sees an empty network of its own."""
    with throwaway():
        yield
