"""What is computed from a LayerGraph."""

from explorer.analysis.aggregation import Aggregation, Kind, normalize_together
from explorer.analysis.connectivity import connectivity

__all__ = ["Aggregation", "Kind", "connectivity", "normalize_together"]
