"""The networks that have a name: one YAML file each in ``assets/presets/``."""

from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

from explorer.config.model import ModelConfig
from explorer.errors import ConfigError

_FOLDER = Path(__file__).parents[2] / "assets" / "presets"

ORDER = (
    "dla34", "dla46_c", "dla46x_c", "dla60x_c", "dla60", "dla60x", "dla102", "dla102x", "dla102x2", "dla169",
    "dla34up", "dla60up", "dla102up", "dla169up",
    "centernet_dla34", "centernet_dla34_with_fc", "centernet_dlav0_34",
    "vovnet27_slim", "vovnet39", "vovnet57",
    "vovnet19_slim_dw_ese", "vovnet19_dw_ese", "vovnet19_slim_ese", "vovnet19_ese",
    "vovnet39_ese", "vovnet57_ese", "vovnet99_ese",
    "densenet40_k12", "densenet40_k12_init24", "densenet40_osa5_43", "densenet40_osa12_23",
    "densenet121", "densenet161", "densenet169", "densenet201", "peleenet",
    "deeplab_resnet101", "deeplabv1_resnet101", "deeplabv2_resnet101_msc", "deeplabv2s_resnet101_msc",
    "deeplabv3_resnet101_msc_os8", "deeplabv3_resnet101_msc_os16",
    "deeplabv3plus_resnet101_msc_os8", "deeplabv3plus_resnet101_msc_os16",
    "centernet_vovnet39", "centernet_densenet201",
    "scenes_seg", "scenes_det",
)  # fmt: skip
"""Names in the order in which they are shown."""


@lru_cache(maxsize=1)
def _read() -> tuple[ModelConfig, ...]:
    return tuple(ModelConfig.from_yaml((_FOLDER / f"{name}.yaml").read_text()) for name in ORDER)


def presets() -> dict[str, ModelConfig]:
    """Every preset by name, in the order in which they are shown."""
    return dict(zip(ORDER, _read(), strict=True))


def preset(name: str) -> ModelConfig:
    """The preset of that name; raises ConfigError that suggests near names for an unknown one."""
    known = presets()
    if name not in known:
        near = get_close_matches(name, known, n=3, cutoff=0.5)
        hint = (
            f"did you mean {', '.join(near)}?" if near else f"choose one of {len(known)}, such as {ORDER[0]}."
        )
        raise ConfigError(f"There is no preset called {name[:60]!r}: {hint}")
    return known[name]


def resolve(config: ModelConfig | str) -> ModelConfig:
    """A configuration as it is, or the preset of that name; raises ConfigError for an unknown name."""
    return preset(config) if isinstance(config, str) else config


def preset_name(config: ModelConfig) -> str | None:
    """The name of the preset that builds the same network, or None."""
    return next((name for name, known in presets().items() if known.digest == config.digest), None)
