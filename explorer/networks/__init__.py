"""The networks, exact: keys, shapes and arithmetic of the published code. Imports torch."""

from explorer.networks.build import build, construct

__all__ = ["build", "construct"]
