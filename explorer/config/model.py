"""ModelConfig: a backbone and a head, as text and as data."""

import json
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Any, Self, get_args

import yaml
from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from explorer.config.backbones import Backbone, completed, misfit
from explorer.config.deeplab import DeepLabHead
from explorer.config.heads import CenterNetHead, ClassifyHead, DLAUpHead, FeaturesHead, Head
from explorer.config.part import Part
from explorer.config.refusal import Refusal, line_of
from explorer.config.sentence import refusal
from explorer.errors import ConfigError

MAX_YAML_CHARACTERS = 20_000


class Task(StrEnum):
    """What a network's output means."""

    CLASSIFICATION = "classification"
    SEGMENTATION = "segmentation"
    DETECTION = "detection"
    FEATURES = "features"


class ModelConfig(Part):
    """Everything that decides a network: its modules, their shapes and its state-dict keys."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$")] | None = None
    """What to call it; not part of the digest."""

    backbone: Backbone
    """What turns an image into a pyramid of features."""

    head: Head
    """What turns the pyramid into classes, a segmentation or detections."""

    @field_validator("head")
    @classmethod
    def _complete_head(cls, head: Head, info: ValidationInfo) -> Head:
        backbone = info.data.get("backbone")
        return head if backbone is None else completed(backbone, head)

    @model_validator(mode="after")
    def _head_fits_the_backbone(self) -> Self:
        reason = misfit(self.backbone, self.head)
        if reason is not None:
            raise ValueError(reason)
        return self

    @classmethod
    def from_yaml(cls, text: str) -> Self:
        """Read a configuration; raises ConfigError with a sentence that says what is wrong and what is allowed."""
        if len(text) > MAX_YAML_CHARACTERS:
            raise ConfigError(
                f"The configuration has {len(text):,} characters, but at most {MAX_YAML_CHARACTERS:,} are read."
            )
        try:
            data = yaml.load(text, _PlainLoader)
            plain = json.dumps(data, allow_nan=False)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            place = "" if mark is None else f" in line {mark.line + 1}, column {mark.column + 1}"
            raise Refusal(
                f"The configuration is not valid YAML{place}: {error.problem}.",
                line=None if mark is None else mark.line + 1,
            ) from error
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            raise Refusal(
                f"The configuration is not valid YAML in line {line}: a character there (number {error.character}) "
                "is not allowed.",
                line=line,
            ) from error
        except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
            raise ConfigError(
                f"The configuration is not plain YAML of numbers, words and lists: {' '.join(str(error).split())}."
            ) from error
        try:
            return cls.from_plain(json.loads(plain))
        except Refusal as error:
            error.line = line_of(text, error.place)
            raise

    @classmethod
    def from_plain(cls, data: object) -> Self:
        """Validate lists, dicts, numbers and strings, strictly: ``"16"`` is not a number. Raises ConfigError."""
        if not isinstance(data, dict):
            raise ConfigError("The configuration must be a mapping with the keys 'backbone' and 'head'.")
        try:
            return cls.model_validate_json(json.dumps(data), strict=True)
        except ValidationError as error:
            raise refusal(error, _FIELDS) from error

    def to_yaml(self) -> str:
        """Text that ``from_yaml`` reads back as an equal configuration."""
        data = self.model_dump(mode="json", exclude_none=True)
        return yaml.dump(data, Dumper=_FlowListDumper, sort_keys=False, allow_unicode=True, width=120)

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits that depend on backbone and head alone, equal on every machine."""
        data = self.model_dump(mode="json", exclude={"name"})
        return sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:12]

    @property
    def task(self) -> Task:
        """What the head is for."""
        match self.head:
            case ClassifyHead():
                return Task.CLASSIFICATION
            case DLAUpHead() | DeepLabHead():
                return Task.SEGMENTATION
            case CenterNetHead():
                return Task.DETECTION
            case FeaturesHead():
                return Task.FEATURES

    @property
    def title(self) -> str:
        """The name, or a description where it has none."""
        return self.name or f"custom-{self.backbone.kind}-{self.digest[:6]}"

    @property
    def size_step(self) -> int:
        """What both sides of an input must be a multiple of: decoders merge levels of which each is half another."""
        match self.head:
            case DLAUpHead() | CenterNetHead():
                return 2 ** max(self.backbone.pyramid)
            case ClassifyHead() | DeepLabHead() | FeaturesHead():
                return 1

    @property
    def default_input(self) -> tuple[int, int, int, int]:
        """(N, C, H, W) at which the network is usually quoted.

        224×224 to classify (32×32 for CIFAR), 512×512 for dense tasks, 513×513 for DeepLab.
        """
        match self.head:
            case ClassifyHead() | FeaturesHead():
                side = self.backbone.side
            case DeepLabHead():
                side = 513
            case DLAUpHead() | CenterNetHead():
                side = 512
        return (1, self.backbone.input_channels, side, side)


class _PlainLoader(yaml.SafeLoader):
    """YAML without aliases (which can expand without bound) and without repeated keys (which hide a typo)."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise yaml.MarkedYAMLError(problem="aliases are not read", problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"{key.value!r} stands there twice", problem_mark=key.start_mark
                )
            if isinstance(key.value, str):
                seen.add(key.value)
        return super().construct_mapping(node, deep)


class _FlowListDumper(yaml.SafeDumper):
    """Writes lists in one line, as a paper's table would."""


_FlowListDumper.add_representer(
    list, lambda dumper, data: dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=True)
)

_FIELDS = tuple(
    name
    for part in (ModelConfig, *get_args(get_args(Backbone)[0]), *get_args(get_args(Head)[0]))
    for name in part.model_fields
)
