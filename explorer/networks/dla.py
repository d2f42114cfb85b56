"""Deep Layer Aggregation (Yu, Wang, Shelhamer, Darrell: arXiv 1707.06484; code: ucbdrive/dla).

State-dict keys, arithmetic and concatenation order are those of the published code. Differences in form: the
recursion returns what it computes instead of filling a shared list, and cardinality is an argument.
"""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from explorer.config import Block, ClassifyHead, DLABackbone, Pool
from explorer.networks.backbone import Backbone, Headless
from explorer.networks.layers import BatchNorm2d, Conv2d, conv_bn_relu, conv_level, with_role
from explorer.roles import Role

BlockFactory = Callable[[int, int, int], nn.Module]
"""(in channels, out channels, stride) to a residual block."""


class BasicBlock(nn.Module):
    """Two 3×3 convolutions around a residual sum (section 4.1, "basic blocks")."""

    role = Role.BLOCK

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = Conv2d(in_channels, out_channels, 3, stride, 1, bias=False)
        self.bn1 = BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = Conv2d(out_channels, out_channels, 3, 1, 1, bias=False)
        self.bn2 = BatchNorm2d(out_channels)

    def forward(self, x: Tensor, shortcut: Tensor | None = None) -> Tensor:
        """(N, in, H, W) to (N, out, H/stride, W/stride); ``shortcut`` replaces ``x`` in the sum."""
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return self.relu(y + (x if shortcut is None else shortcut))


class Bottleneck(nn.Module):
    """1×1, 3×3 in ``groups``, 1×1 around a residual sum (section 4.1, "bottleneck" and "split blocks")."""

    role = Role.BLOCK

    def __init__(
        self, in_channels: int, out_channels: int, stride: int, *, width: int, groups: int = 1
    ) -> None:
        super().__init__()
        self.conv1 = Conv2d(in_channels, width, 1, bias=False)
        self.bn1 = BatchNorm2d(width)
        self.conv2 = Conv2d(width, width, 3, stride, 1, groups=groups, bias=False)
        self.bn2 = BatchNorm2d(width)
        self.conv3 = Conv2d(width, out_channels, 1, bias=False)
        self.bn3 = BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor, shortcut: Tensor | None = None) -> Tensor:
        """(N, in, H, W) to (N, out, H/stride, W/stride); ``shortcut`` replaces ``x`` in the sum."""
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return self.relu(y + (x if shortcut is None else shortcut))


def block_factory(block: Block, cardinality: int) -> BlockFactory:
    """How blocks of that kind are made. Widths are fractions of the block's *output* channels."""

    def bottleneck(in_channels: int, out_channels: int, stride: int) -> nn.Module:
        return Bottleneck(in_channels, out_channels, stride, width=out_channels // 2)

    def bottleneck_x(in_channels: int, out_channels: int, stride: int) -> nn.Module:
        width = out_channels * cardinality // 32
        return Bottleneck(in_channels, out_channels, stride, width=width, groups=cardinality)

    return {Block.BASIC: BasicBlock, Block.BOTTLENECK: bottleneck, Block.BOTTLENECK_X: bottleneck_x}[block]


class Root(nn.Module):
    """Aggregation node: concatenate, 1×1 convolution, batch norm, ReLU (equation 4)."""

    role = Role.ROOT

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, residual: bool) -> None:
        super().__init__()
        self.conv = Conv2d(in_channels, out_channels, kernel_size, 1, (kernel_size - 1) // 2, bias=False)
        self.bn = BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.residual = residual

    def forward(self, *children: Tensor) -> Tensor:
        """Children (N, cᵢ, H, W), the last block's output first, to (N, out, H, W)."""
        y = self.bn(self.conv(torch.cat(children, 1)))
        return self.relu(y + children[0] if self.residual else y)


RootFactory = Callable[[int, int], Root]
"""(in channels, out channels) to an aggregation node."""


class Tree(nn.Module):
    """Hierarchical deep aggregation (section 3.2, equations 2 and 3; Fig. 2 f).

    ``depth`` 1: two blocks and a root. Deeper: two trees, of which the second's root also receives the first's
    output. ``level_root`` adds the pooled input of the whole tree to the children: the iterative connection
    between stages.
    """

    role = Role.TREE

    def __init__(
        self,
        depth: int,
        in_channels: int,
        out_channels: int,
        stride: int,
        *,
        block: BlockFactory,
        root: RootFactory,
        level_root: bool = False,
        outer_channels: int = 0,
    ) -> None:
        """``outer_channels`` are those that enclosing trees hand to this tree's last root."""
        super().__init__()
        handed_on = outer_channels + (in_channels if level_root else 0)
        if depth == 1:
            self.tree1 = block(in_channels, out_channels, stride)
            self.tree2 = block(out_channels, out_channels, 1)
            self.root = root(2 * out_channels + handed_on, out_channels)
        else:
            inner = partial(Tree, depth - 1, block=block, root=root)
            self.tree1 = inner(in_channels, out_channels, stride)
            self.tree2 = inner(out_channels, out_channels, 1, outer_channels=handed_on + out_channels)
        self.depth = depth
        self.level_root = level_root
        self.downsample = with_role(nn.MaxPool2d(stride, stride), Role.DOWNSAMPLE) if stride > 1 else None
        self.project = (
            with_role(
                nn.Sequential(Conv2d(in_channels, out_channels, 1, bias=False), BatchNorm2d(out_channels)),
                Role.PROJECTION,
            )
            if in_channels != out_channels
            else None
        )

    def forward(self, x: Tensor, outer: Sequence[Tensor] = ()) -> Tensor:
        """(N, in, H, W) to (N, out, H/stride, W/stride); ``outer`` are children from enclosing trees."""
        bottom = x if self.downsample is None else self.downsample(x)
        # The published code computes this at every depth, but only the blocks of a depth-1 tree read it: in deeper
        # trees the projection is dead weight. It is kept, so that checkpoints load and counts agree.
        shortcut = bottom if self.project is None else self.project(bottom)
        children = (*outer, bottom) if self.level_root else tuple(outer)
        if self.depth == 1:
            x1 = self.tree1(x, shortcut)
            x2 = self.tree2(x1)
            return self.root(x2, x1, *children)
        x1 = self.tree1(x)
        return self.tree2(x1, (*children, x1))


LEVELS = ("level0", "level1", "level2", "level3", "level4", "level5")


class DLA(Backbone):
    """The backbone: six levels at strides 1, 2, 4, 8, 16, 32 (Table 1 and Fig. 3).

    ``leftover_classes`` adds the ImageNet classifier ``fc`` that published decoders' files carry along unused.
    """

    levels = LEVELS
    stages = LEVELS

    def __init__(self, config: DLABackbone, leftover_classes: int = 0) -> None:
        super().__init__()
        c = config.channels
        depth = config.levels
        tree = partial(
            Tree,
            block=block_factory(config.block, config.cardinality),
            root=partial(Root, kernel_size=config.root_kernel, residual=config.root_residual),
        )
        self.base_layer = with_role(conv_bn_relu(config.input_channels, c[0], 7), Role.STEM, stage=0)
        self.level0 = with_role(conv_level(c[0], c[0], depth[0], 1), Role.STAGE, stage=0)
        self.level1 = with_role(conv_level(c[0], c[1], depth[1], 2), Role.STAGE, stage=1)
        self.level2 = with_role(tree(depth[2], c[1], c[2], 2), stage=2)
        self.level3 = with_role(tree(depth[3], c[2], c[3], 2, level_root=True), stage=3)
        self.level4 = with_role(tree(depth[4], c[3], c[4], 2, level_root=True), stage=4)
        self.level5 = with_role(tree(depth[5], c[4], c[5], 2, level_root=True), stage=5)
        if leftover_classes:
            self.fc = with_role(Conv2d(c[5], leftover_classes, 1), Role.CLASSIFIER)

    def run(self, x: Tensor) -> dict[str, Tensor]:
        """(N, C, H, W) to the six levels, (N, channels[i], H/2ⁱ, W/2ⁱ)."""
        x = self.base_layer(x)
        found = {}
        for name in LEVELS:
            x = found[name] = self._modules[name](x)  # type: ignore[misc]  # registered above, never None
        return found


class DLAClassifier(DLA):
    """DLA with its classifier. The 7×7 window gives one row of classes at 224×224 and more on larger images."""

    role = None

    def __init__(self, backbone: DLABackbone, head: ClassifyHead) -> None:
        super().__init__(backbone)
        pool = nn.AvgPool2d(7) if head.pool is Pool.WINDOW7 else nn.AdaptiveAvgPool2d(1)
        self.avgpool = with_role(pool, Role.POOL)
        self.fc = with_role(Conv2d(backbone.channels[5], head.classes, 1), Role.CLASSIFIER)

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]  # classes instead of levels
        """(N, C, H, W) to logits (N, classes · positions)."""
        return self.fc(self.avgpool(self.run(x)["level5"])).flatten(1)


class DLAFeatures(Headless, DLA):
    """DLA that returns its levels by name."""
