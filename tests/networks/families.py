"""Small backbones of every family, and random ones."""

from hypothesis import strategies as st

from explorer.config import (
    Attention,
    Backbone,
    Block,
    Dense,
    DenseNetBackbone,
    DLABackbone,
    Entry,
    PeleeNetBackbone,
    ResNetBackbone,
    VoVNetBackbone,
)

SMALL: dict[str, Backbone] = {
    "dla": DLABackbone(levels=(1, 1, 1, 2, 2, 1), channels=(4, 4, 6, 6, 8, 10)),
    "vovnet": VoVNetBackbone(
        stem=(4, 6, 8), widths=(4, 5, 6, 7), channels=(8, 10, 12, 14), modules=(1, 2, 1, 1), layers=3
    ),
    "vovnet_dw": VoVNetBackbone(
        stem=(4, 6, 8), widths=(8, 5, 6, 7), channels=(8, 10, 12, 14), modules=(2, 1, 1, 3), layers=2,
        attention=Attention.LAST, depthwise=True,
    ),
    "densenet": DenseNetBackbone(layers=(2, 3, 2, 1), growth_rate=4, initial_channels=6),
    "densenet_osa": DenseNetBackbone(
        layers=(2, 3, 2, 1), growth_rate=4, initial_channels=6, block=Dense.OSA, compression=1.0
    ),
    "densenet_cifar": DenseNetBackbone(
        entry=Entry.CIFAR, layers=(2, 3, 2), growth_rate=4, initial_channels=6, bottleneck=0
    ),
    "peleenet": PeleeNetBackbone(layers=(1, 2, 1, 1), growth_rate=8, stem_channels=8),
    "resnet": ResNetBackbone(
        blocks=(1, 2, 1, 1), stem_channels=4, channels=(8, 12, 16, 20), ceil_pool=False
    ),
    "resnet_os8": ResNetBackbone(
        blocks=(1, 2, 1, 2), stem_channels=4, channels=(8, 12, 16, 20), output_stride=8, multi_grid=(1, 2)
    ),
}  # fmt: skip

few = st.integers(1, 3)
widths = st.integers(1, 24)


def four(values: st.SearchStrategy[int]) -> st.SearchStrategy[tuple[int, ...]]:
    """Four of them."""
    return st.tuples(values, values, values, values)


DLA = st.fixed_dictionaries({
    "kind": st.just("dla"), "levels": st.tuples(few, few, few, few, few, few),
    "channels": st.tuples(*[st.sampled_from([32, 64])] * 6), "block": st.sampled_from(list(Block)),
    "root_residual": st.booleans(),
})  # fmt: skip
VOVNET = st.fixed_dictionaries({
    "kind": st.just("vovnet"), "stem": st.tuples(widths, widths, widths), "widths": four(widths),
    "channels": four(widths), "modules": four(few), "layers": st.integers(1, 5), "residual": st.booleans(),
    "attention": st.sampled_from(list(Attention)), "depthwise": st.booleans(),
})  # fmt: skip
DENSENET = st.fixed_dictionaries({
    "kind": st.just("densenet"), "entry": st.sampled_from(list(Entry)),
    "layers": st.lists(st.integers(1, 4), min_size=1, max_size=6), "growth_rate": widths, "initial_channels": widths,
    "bottleneck": st.integers(0, 4), "compression": st.sampled_from([0.05, 0.5, 1.0]),
    "block": st.sampled_from(list(Dense)),
})  # fmt: skip
PELEENET = st.fixed_dictionaries({
    "kind": st.just("peleenet"), "layers": four(few), "growth_rate": st.sampled_from([8, 9, 10, 16, 24]),
    "bottleneck_widths": four(st.integers(1, 6)), "stem_channels": st.sampled_from([8, 10, 15, 24]),
})  # fmt: skip
RESNET = st.fixed_dictionaries({
    "kind": st.just("resnet"), "blocks": four(few), "stem_channels": widths,
    "channels": four(st.integers(1, 6).map(lambda quarter: 4 * quarter)), "output_stride": st.sampled_from([8, 16, 32]),
    "multi_grid": st.just([]) | st.lists(st.integers(1, 4), max_size=3), "ceil_pool": st.booleans(),
})  # fmt: skip
ratios = st.sampled_from([2, 4, 8, 16])
CLASSIFY = st.fixed_dictionaries(
    {"kind": st.just("classify"), "classes": few}, optional={"pool": st.sampled_from(["window7", "global"])}
)
DLA_UP = st.fixed_dictionaries({"kind": st.just("dla_up"), "classes": few, "down_ratio": ratios})
CENTERNET = st.fixed_dictionaries({
    "kind": st.just("centernet"), "heads": st.just({"hm": 2, "wh": 2}), "down_ratio": ratios,
    "last_level": st.integers(2, 6), "head_conv": st.sampled_from([0, 4]), "deformable": st.booleans(),
    "aggregation": st.sampled_from(["sum", "concat"]),
})  # fmt: skip
DEEPLAB = st.fixed_dictionaries({
    "kind": st.just("deeplab"), "variant": st.sampled_from(["v1", "v2", "v3", "v3plus"]), "classes": few,
    "rates": st.lists(st.integers(1, 4), min_size=1, max_size=3) | st.just([]), "width": widths,
    "low_level_channels": widths, "multi_scale": st.booleans(),
})  # fmt: skip
FEATURES = st.just({"kind": "features"})

RAW_CONFIGURATIONS = st.fixed_dictionaries({
    "backbone": DLA | VOVNET | DENSENET | PELEENET | RESNET,
    "head": CLASSIFY | DLA_UP | CENTERNET | DEEPLAB | FEATURES,
}) | st.fixed_dictionaries({"backbone": RESNET, "head": DEEPLAB})  # fmt: skip
"""Fields of backbone and head, some out of bounds, some of which contradict each other."""
