"""What every backbone has in common: features by name, some of which are the pyramid that a head reads."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from explorer.roles import Role


class Backbone(nn.Module, ABC):
    """A network from an image to a pyramid of features."""

    role: Role | None = Role.BACKBONE

    levels: tuple[str, ...]
    """Names of the features that make up the pyramid, fine to coarse, as ``config.pyramid`` has their channels."""

    stages: tuple[str, ...]
    """Names of the features that the network returns where it has no head, fine to coarse."""

    @abstractmethod
    def run(self, x: Tensor) -> dict[str, Tensor]:
        """(N, C, H, W) to every feature that has a name."""

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """(N, C, H, W) to the pyramid, fine to coarse, (N, channels of level i, H/2ⁱ, W/2ⁱ)."""
        features = self.run(x)
        return tuple(features[name] for name in self.levels)


class Headless(Backbone):
    """Mixed into a backbone: returns its stages by name."""

    role = None

    def forward(self, x: Tensor) -> dict[str, Tensor]:  # type: ignore[override]  # stages instead of levels
        """(N, C, H, W) to the stages by name, fine to coarse."""
        features = self.run(x)
        return {name: features[name] for name in self.stages}
