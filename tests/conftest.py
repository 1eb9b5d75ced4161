"""What holds for all tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# Tests run beside others: how long an example takes tells nothing about Techo. Every test has a time limit of its own.
settings.register_profile("beside-others", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("beside-others")
