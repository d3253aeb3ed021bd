"""Every check, on every topology."""

import pytest

from tests.infra.checks import CHECKS, Check
from tests.infra.deployment import Deployment


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_holds(deployment: Deployment, check: Check) -> None:
    assert list(check(deployment)) == []
