"""The desk at work."""

from datetime import datetime

import pytest
from hypothesis import settings

from tests.cases.desk import TestDesk


@pytest.fixture
def desk(db: None, now: datetime) -> TestDesk:
    """A desk with the baseline pack, on a database that is rolled back."""
    return TestDesk(now)


settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")  # a busy machine breaks no rule
