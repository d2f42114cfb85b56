"""Published checkpoint files, known by their checksums.

A file in a published layout may hold anybody's training; only its checksum shows that it is the published one.
Sources: the file names of ucbdrive/dla (the first eight digits of the SHA-256, PyTorch's model-zoo convention), the
LFS checksums of the ``timm/*`` repositories on Hugging Face, the model cards of LibreCenterNetdla34 (CenterNet
``ctdet_coco_dla_2x``) and of OpenVINO's Open Model Zoo (``ctdet_coco_dlav0_1x``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_BSD = "BSD 3-Clause (ucbdrive/dla)"
_TIMM = "BSD 3-Clause, as tagged on Hugging Face"
_CENTERNET = "none stated for the weights; the code of xingyizhou/CenterNet is MIT"


@dataclass(frozen=True, slots=True)
class Published:
    """A published file; ``digest`` is the start of its hexadecimal checksum by ``algorithm``."""

    title: str
    source: str
    licence: str
    algorithm: str
    digest: str


def _original(variant: str, digest: str) -> Published:
    return Published(f"{variant}, ImageNet", f"ucbdrive/dla {variant}-{digest}.pth", _BSD, "sha256", digest)


def _timm(variant: str, file: str, digest: str) -> Published:
    return Published(
        f"{variant}, ImageNet", f"Hugging Face timm/{variant}.in1k {file}", _TIMM, "sha256", digest
    )


_SAFE, _BIN = "model.safetensors", "pytorch_model.bin"

PUBLISHED = (
    _original("dla34", "ba72cf86"),
    _original("dla46_c", "2bfd52c3"),
    _original("dla46x_c", "d761bae7"),
    _original("dla60x_c", "b870c45c"),
    _original("dla60", "24839fc4"),
    _original("dla60x", "d15cacda"),
    _original("dla102", "d94d9790"),
    _original("dla102x", "ad62be81"),
    _original("dla102x2", "262837b6"),
    _original("dla169", "0914e092"),
    _timm("dla34", _SAFE, "a7ff2ae9a4601482cbf2358cbd89a0da2e264ed1fa9ecb43788bc2daf1038701"),
    _timm("dla46_c", _SAFE, "e1d63d8a64fe92b61f167ecb2d2379833c429b452fe685a30c03748c2f8dcb1c"),
    _timm("dla46_c", _BIN, "2cbc0634facd48da71becdcc4fe671077f22810d0d80eb03d7859d4310605fd8"),
    _timm("dla60x", _SAFE, "dcc75a67cbcd166b6b63b83fdf5bbd868b3dd9629519b8759308fbb40bf4a18c"),
    _timm("dla60x", _BIN, "a097b190853705b13dddcb5cfd52c55f75b6ecdd65a165b05662394e99531ad2"),
    _timm("dla102", _SAFE, "8715398fe7d645f7170847d31ed14ebf9f225d0cef251f570d280ac9e1ddfb16"),
    _timm("dla102", _BIN, "1cba0d9c0bafc01f7383a464ca9fb3de9af6e490374096cec6f7e903220f765d"),
    _timm("dla169", _SAFE, "1594d3db34d97e74c5f0edd5805dbeffc4a175991de058bbe5bbcd5244141339"),
    _timm("dla169", _BIN, "bf94cecf8fdce7bd8d9a87caf77fa732c9a3e47e574c8ffdf62a7b9215ae82e0"),
    Published(
        "CenterNet ctdet_coco_dla_2x, COCO", "xingyizhou/CenterNet ctdet_coco_dla_2x.pth", _CENTERNET,
        "sha256", "43bf4cc2efe00e02c1ae8484035b062a35543872d276c7dcfeb4db3e64203e4f",
    ),
    Published(
        "CenterNet ctdet_coco_dlav0_1x, COCO", "Open Model Zoo ctdet_coco_dlav0_1x.pth", _CENTERNET,
        "sha384", "74565ead2d6c42738f90c0c23abaca04048c9156fdd548130a6b9df94786a6d964b8d6f548a0a44208885243314eea64",
    ),
)  # fmt: skip


def find_published(digests: Mapping[str, str]) -> Published | None:
    """The published file with these checksums (hexadecimal, by algorithm), or None."""
    return next((p for p in PUBLISHED if digests[p.algorithm].startswith(p.digest)), None)
