"""Units of length, as rules and pages take them."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

# The international mile of 1959, exactly.
KM_PER_MILE: Final = Decimal("1.609344")
