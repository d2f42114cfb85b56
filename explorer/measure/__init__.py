"""What networks take on the device at hand: real passes, timed. Imports torch only to measure."""

from explorer.measure.latency import Latency, measure_latency

__all__ = ["Latency", "measure_latency"]
