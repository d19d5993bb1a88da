"""Every promise of the project, kept by a test whose name is the promise."""

import pytest


pytest.register_assert_rewrite("tests.given")
