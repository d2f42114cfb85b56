"""The base of every part of a configuration, and the bounds that keep a stranger's network affordable."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MAX_CHANNELS = 4096
MAX_CLASSES = 25_000
MAX_DEPTH = 6
"""Deepest Tree: 2**6 blocks a stage; DLA-169, the deepest published, uses 5."""


class Part(BaseModel):
    """A part of a configuration: immutable, and a field that it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


Channels = Annotated[int, Field(ge=1, le=MAX_CHANNELS)]
Classes = Annotated[int, Field(ge=1, le=MAX_CLASSES)]
LeftoverClasses = Annotated[int, Field(ge=0, le=MAX_CLASSES)]
Depth = Annotated[int, Field(ge=1, le=MAX_DEPTH)]
InputChannels = Annotated[int, Field(ge=1, le=64)]
