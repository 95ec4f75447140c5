"""The desk at work."""

from datetime import datetime

import pytest

from tests.cases.desk import TestDesk


@pytest.fixture
def desk(db: None, now: datetime) -> TestDesk:
    """A desk with the baseline pack, on a database that is rolled back."""
    return TestDesk(now)
