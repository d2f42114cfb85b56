"""What can go wrong because of what a visitor asked for.

Every message is a sentence that names the offending value and what is allowed; pages show it as it stands.
"""


class ExplorerError(Exception):
    """A request that cannot be met; ``str(error)`` is the sentence a visitor reads."""


class ConfigError(ExplorerError):
    """A configuration that no network can be built from, or a name that no preset has."""


class TraceError(ExplorerError):
    """A network that cannot be traced at this input size."""


class LayoutError(ExplorerError):
    """A view that cannot be laid out within its limits."""


class ImageError(ExplorerError):
    """Bytes that are not a picture which can be opened safely."""


class WeightsError(ExplorerError):
    """A checkpoint that does not belong to the network, or is not safe to read."""


class ExportError(ExplorerError):
    """A network or a view that a format cannot express, or that is too large for it."""


class BudgetError(ExplorerError):
    """A request that needs more memory or time than there is."""
