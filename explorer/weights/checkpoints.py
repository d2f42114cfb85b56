"""Every published checkpoint of the family, as data.

Sources: the READMEs and model zoos that ``page`` names; checksums from file names (the first eight hexadecimal digits
of the SHA-256, PyTorch's convention), from Hugging Face's file pages (LFS checksums) and from the model cards of
OpenVINO's Open Model Zoo and LibreCenterNetdla34. Sizes that are not exact were computed from the keys and shapes.
"""

from __future__ import annotations

from explorer.config import Task
from explorer.weights.layouts import Layout
from explorer.weights.published import Accuracy, Checksum, Fit, Licence, Published, Registry, Source, Training

BSD_DLA = Licence("BSD 3-Clause", "The licence of ucbdrive/dla.")
BSD_TIMM = Licence("BSD 3-Clause", "As tagged on Hugging Face.")
BSD_TORCHVISION = Licence(
    "BSD 3-Clause",
    "The licence of torchvision, which publishes them; the weights state no terms of their own.",
)
APACHE_TIMM = Licence("Apache-2.0", "The licence of timm, which trained them.")
MIT_GLUON = Licence("MIT", "The licence of osmr/imgclsmob.")
MIT_DEEPLAB = Licence(
    "MIT",
    "The licence of kazuto1011/deeplab-pytorch; training started from DeepLab's Caffe weights, which state no terms "
    "of their own there.",
)
NONE_CENTERNET = Licence(
    "none stated",
    "No licence is attached to the weights; the code of xingyizhou/CenterNet is MIT.",
    stated=False,
)
NONE_VOVNET = Licence(
    "none stated",
    "VoVNet.pytorch has no licence file: the authors have not said what is allowed.",
    stated=False,
)
NONE_VISION_TOOLBOX = Licence("none stated", "gau-nernst/vision-toolbox has no licence file.", stated=False)
NONCOMMERCIAL = Licence(
    "CC BY-NC 4.0",
    "Not for commercial use: the licence of vovnet-detectron2 covers its weights.",
    commercial=False,
)

_TIMM_CSV = Source(
    "timm results, ImageNet-1k validation at 224×224",
    "https://github.com/huggingface/pytorch-image-models/blob/main/results/results-imagenet.csv",
)
_TORCHVISION = Source("torchvision", "https://docs.pytorch.org/vision/stable/models/densenet.html")
_ZOO = Source(
    "CenterNet model zoo", "https://github.com/xingyizhou/CenterNet/blob/master/readme/MODEL_ZOO.md"
)
_OMZ = "https://storage.openvinotoolkit.org/repositories/open_model_zoo/public/2022.1"
_VOVNET = Source("stigma0617/VoVNet.pytorch", "https://github.com/stigma0617/VoVNet.pytorch")
_VOVNET_DEEPLAB = Source("stigma0617/VoVNet-DeepLabV3", "https://github.com/stigma0617/VoVNet-DeepLabV3")
_VOVNET2 = Source("youngwanLEE/vovnet-detectron2", "https://github.com/youngwanLEE/vovnet-detectron2")
_DEEPLAB = Source("kazuto1011/deeplab-pytorch", "https://github.com/kazuto1011/deeplab-pytorch")
_TOOLBOX = Source("gau-nernst/vision-toolbox", "https://github.com/gau-nernst/vision-toolbox")
_GLUON = Source("osmr/imgclsmob", "https://github.com/osmr/imgclsmob")
_DEEPLAB_FILES = "https://github.com/kazuto1011/deeplab-pytorch/releases/download/v1.0"

_IMAGENET = Training(Task.CLASSIFICATION, "ImageNet-1k", "ImageNet", 1000)
_BACKBONE = Training(Task.FEATURES, "ImageNet-1k", "Features", 0)
_COCO = Training(Task.DETECTION, "COCO train2017", "CenterNet on COCO", 80)
_SHA = "sha256"


def _top(top1: float, top5: float | None = None) -> str:
    return f"{top1:.2f} % top-1" + (f", {top5:.2f} % top-5" if top5 is not None else "")


def _dla(
    variant: str, digest: str, size: float, timm_size: float, top1: float, top5: float, *,
    safe: str = "", binary: str = "", mirrors: tuple[str, ...] = (), exact: int = 0, also: tuple[Checksum, ...] = (),
) -> tuple[Published, ...]:  # fmt: skip
    """The authors' file and timm's, which holds the same weights without the projections that reach no output."""
    accuracy = Accuracy(_top(top1, top5), _TIMM_CSV)
    original = Published(
        name=f"{variant}-original", title=f"{variant}, ImageNet, the authors' file", file=f"{variant}-{digest}.pth",
        fits=(Fit(variant),), page=Source("ucbdrive/dla", "https://github.com/ucbdrive/dla"), licence=BSD_DLA,
        layout=Layout.ORIGINAL, size=exact or round(size * 1e6), exact=bool(exact),
        urls=(*mirrors, f"http://dl.yf.io/dla/models/imagenet/{variant}-{digest}.pth"),
        checksums=(Checksum(_SHA, digest), *also),
        note="" if mirrors else "The authors' server, dl.yf.io, has been reported down since 2025.",
        training=_IMAGENET, accuracy=accuracy,
    )  # fmt: skip
    timm = Published(
        name=f"{variant}-timm", title=f"{variant}, ImageNet, timm's copy", file=f"timm-{variant}.in1k.safetensors",
        fits=(Fit(variant),), page=Source(f"timm/{variant}.in1k", f"https://huggingface.co/timm/{variant}.in1k"),
        licence=BSD_TIMM, layout=Layout.TIMM, size=round(timm_size * 1e6),
        urls=(f"https://huggingface.co/timm/{variant}.in1k/resolve/main/model.safetensors",),
        checksums=(Checksum(_SHA, safe),) if safe else (), twins=(Checksum(_SHA, binary),) if binary else (),
        note="The authors' weights without the projections that reach no output.",
        training=_IMAGENET, accuracy=accuracy,
    )  # fmt: skip
    # What can be reached comes first.
    return (original, timm) if mirrors else (timm, original)


_DLA = (
    *_dla("dla34", "ba72cf86", 63.2, 63.1, 74.632, 92.052, exact=63_228_658,
          safe="a7ff2ae9a4601482cbf2358cbd89a0da2e264ed1fa9ecb43788bc2daf1038701",
          mirrors=(f"{_OMZ}/dla-34/dla34-ba72cf86.pth",),
          also=(Checksum("sha384", "38c035736538b6c67f2539bf1ca1cc1349c3691f41321bd58de9e97aa9eb83ea"
                                   "6f52c4aeef7c4cd54c92b6f8c3f3e89b"),)),
    *_dla("dla46_c", "2bfd52c3", 5.3, 5.2, 64.880, 86.330,
          safe="e1d63d8a64fe92b61f167ecb2d2379833c429b452fe685a30c03748c2f8dcb1c",
          binary="2cbc0634facd48da71becdcc4fe671077f22810d0d80eb03d7859d4310605fd8"),
    *_dla("dla46x_c", "d761bae7", 4.4, 4.3, 66.008, 86.946),
    *_dla("dla60x_c", "b870c45c", 5.4, 5.3, 67.928, 88.426),
    *_dla("dla60", "24839fc4", 89.5, 88.3, 77.036, 93.316),
    *_dla("dla60x", "d15cacda", 70.8, 69.6, 78.234, 94.022,
          safe="dcc75a67cbcd166b6b63b83fdf5bbd868b3dd9629519b8759308fbb40bf4a18c",
          binary="a097b190853705b13dddcb5cfd52c55f75b6ecdd65a165b05662394e99531ad2"),
    *_dla("dla102", "d94d9790", 135.2, 133.3, 78.016, 93.952,
          safe="8715398fe7d645f7170847d31ed14ebf9f225d0cef251f570d280ac9e1ddfb16",
          binary="1cba0d9c0bafc01f7383a464ca9fb3de9af6e490374096cec6f7e903220f765d"),
    *_dla("dla102x", "ad62be81", 107.5, 105.6, 78.516, 94.226),
    *_dla("dla102x2", "262837b6", 167.6, 165.7, 79.448, 94.654),
    *_dla("dla169", "0914e092", 216.4, 214.0, 78.702, 94.334,
          safe="1594d3db34d97e74c5f0edd5805dbeffc4a175991de058bbe5bbcd5244141339",
          binary="bf94cecf8fdce7bd8d9a87caf77fa732c9a3e47e574c8ffdf62a7b9215ae82e0"),
)  # fmt: skip


def _drive(name: str, drive_id: str, size: float, accuracy: str, *, digest: str = "") -> Published:
    """A detector of CenterNet's model zoo, on Google Drive."""
    return Published(
        name=name, title=f"CenterNet {name}", file=f"{name}.pth",
        fits=(Fit("centernet_dla34"), Fit("centernet_dla34_with_fc")),
        page=Source("Google Drive", f"https://drive.google.com/file/d/{drive_id}"), licence=NONE_CENTERNET,
        layout=Layout.CENTERNET, training=_COCO, size=round(size * 1e6),
        checksums=(Checksum(_SHA, digest),) if digest else (),
        accuracy=Accuracy(accuracy, _ZOO),
        note="Published on Google Drive, which hands files of this size to browsers alone.",
    )  # fmt: skip


_CENTERNET = (
    _drive("ctdet_coco_dla_2x", "18Q3fzzAsha_3Qid6mn4jcIFPeOGUaj1d", 80.8,
           "37.4 AP on COCO val2017 (39.2 flipped, 41.7 multi-scale)",
           digest="43bf4cc2efe00e02c1ae8484035b062a35543872d276c7dcfeb4db3e64203e4f"),
    _drive("ctdet_coco_dla_1x", "1xqFsdA3DANMq1MfnXG8n7nQPe4AfXTHv", 80.8,
           "36.3 AP on COCO val2017 (38.2 flipped, 40.7 multi-scale)"),
    Published(
        name="ctdet_coco_dlav0_1x", title="CenterNet ctdet_coco_dlav0_1x", file="ctdet_coco_dlav0_1x.pth",
        fits=(Fit("centernet_dlav0_34"),), page=Source("Open Model Zoo", f"{_OMZ}/ctdet_coco_dlav0_512/"),
        licence=NONE_CENTERNET, layout=Layout.CENTERNET, training=_COCO, size=221_889_662, exact=True,
        urls=(f"{_OMZ}/ctdet_coco_dlav0_512/ctdet_coco_dlav0_1x.pth",),
        checksums=(Checksum("sha384", "74565ead2d6c42738f90c0c23abaca04048c9156fdd548130a6b9df94786a6d9"
                                      "64b8d6f548a0a44208885243314eea64"),),
        note="Plain convolutions, no deformable ones. The file also holds the optimizer's state, which is left out.",
    ),
)  # fmt: skip


def _vovnet(variant: str, dropbox: str, size: float, top1: float, top5: float) -> Published:
    return Published(
        name=f"{variant}-original", title=f"{variant}, ImageNet, the authors' file", file=f"{variant}_torchvision.pth",
        fits=(Fit(variant),), page=_VOVNET, licence=NONE_VOVNET, layout=Layout.ORIGINAL, size=round(size * 1e6),
        urls=(f"https://dl.dropbox.com/s/{dropbox}/{variant}_torchvision.pth?dl=1",),
        accuracy=Accuracy(_top(top1, top5), _VOVNET), training=_IMAGENET,
    )  # fmt: skip


def _vovnet_backbone(variant: str, dropbox: str, size: float) -> Published:
    """What VoVNet-DeepLabV3 starts from; the repository's licence is headed as that of VoVNet."""
    return Published(
        name=f"{variant}-deeplab", title=f"{variant}, ImageNet, as VoVNet-DeepLabV3 starts from it",
        file=f"{variant}_statedict_norm.pth", fits=(Fit(variant),),
        page=_VOVNET_DEEPLAB,
        licence=Licence("BSD 3-Clause", "The licence file of VoVNet-DeepLabV3 is headed “LICENSE FOR VoVNet”."),
        layout=Layout.ORIGINAL, size=round(size * 1e6),
        urls=(f"https://dl.dropbox.com/s/{dropbox}/{variant}_statedict_norm.pth?dl=1",),
        note="No accuracy of its own was published.", training=_IMAGENET,
    )  # fmt: skip


def _vovnet2(
    variant: str, dropbox: str, file: str, size: float, *, box: float = 0, mask: float = 0
) -> Published:
    return Published(
        name=f"{variant}-detectron2", title=f"{variant}, ImageNet, the authors' backbone",
        file=f"{file}_detectron2.pth", fits=(Fit(variant),), page=_VOVNET2, licence=NONCOMMERCIAL,
        layout=Layout.DETECTRON2, training=_BACKBONE, size=round(size * 1e6),
        urls=(f"https://www.dropbox.com/s/{dropbox}/{file}_detectron2.pth?dl=1",),
        accuracy=Accuracy(f"{box} box AP, {mask} mask AP on COCO val2017 as backbone of Mask R-CNN FPN, 3x", _VOVNET2)
        if box else None,
    )  # fmt: skip


def _timm_vovnet(
    name: str, tag: str, fits: tuple[Fit, ...], size: float, accuracy: str, note: str
) -> Published:
    return Published(
        name=f"{name}-timm", title=f"{name}, ImageNet, timm's own training", file=f"timm-{name}.{tag}.safetensors",
        fits=fits, page=Source(f"timm/{name}.{tag}", f"https://huggingface.co/timm/{name}.{tag}"),
        licence=APACHE_TIMM, layout=Layout.TIMM_VOVNET, size=round(size * 1e6),
        urls=(f"https://huggingface.co/timm/{name}.{tag}/resolve/main/model.safetensors",),
        accuracy=Accuracy(accuracy, _TIMM_CSV), note=note, training=_IMAGENET,
    )  # fmt: skip


CLASSIFY = {"kind": "classify", "classes": 1000}
_LAST = (
    "timm squeezes and excites in each stage's last module alone: not in every one, as the authors' backbone."
)
_VOVNETS = (
    _vovnet("vovnet39", "1lnzsgnixd8gjra", 90.5, 100 - 23.23, 100 - 6.57),
    _vovnet("vovnet57", "6bfu9gstbwfw31m", 146.7, 100 - 22.27, 100 - 6.28),
    _vovnet_backbone("vovnet39", "s7f4vyfybyc9qpr", 90.5),
    _vovnet_backbone("vovnet57", "b826phjle6kbamu", 146.7),
    _vovnet2("vovnet19_slim_dw_ese", "f3s7ospitqoals1", "vovnet19_ese_slim_dw", 5.6),
    _vovnet2("vovnet19_dw_ese", "9awvl0mxye3nqz1", "vovnet19_ese_dw", 22.1),
    _vovnet2("vovnet19_slim_ese", "8h5ybmi4ftbcom0", "vovnet19_ese_slim", 10.6),
    _vovnet2("vovnet19_ese", "rptgw6stppbiw1u", "vovnet19_ese", 40.8, box=40.1, mask=36.6),
    _vovnet2("vovnet39_ese", "q98pypf96rhtd8y", "vovnet39_ese", 100.8, box=43.8, mask=39.3),
    _vovnet2("vovnet57_ese", "8xl0cb3jj51f45a", "vovnet57_ese", 165.9, box=44.2, mask=39.7),
    _vovnet2("vovnet99_ese", "1mlv31coewx8trd", "vovnet99_ese", 278.3, box=44.9, mask=40.3),
    _timm_vovnet(
        "ese_vovnet19b_dw", "ra_in1k", (Fit("vovnet19_dw_ese"), Fit("vovnet19_dw_ese", head=CLASSIFY)), 26.2,
        _top(76.828), "One module a stage, so that each stage's last is every one: it fits the authors' backbone.",
    ),
    _timm_vovnet(
        "ese_vovnet39b", "ra_in1k",
        (Fit("vovnet39_ese", backbone={"attention": "last"}, head=CLASSIFY),), 98.4, _top(79.312), _LAST,
    ),
    _timm_vovnet(
        "ese_vovnet57b", "ra4_e3600_r256_in1k",
        (Fit("vovnet57_ese", backbone={"attention": "last"}, head=CLASSIFY),), 154.6,
        "82.46 % top-1 at 256×256", _LAST,
    ),
)  # fmt: skip


def _densenet(
    depth: int, digest: str, size: float, top1: float, top5: float, *, safe: str = "", binary: str = ""
) -> tuple[Published, ...]:
    variant = f"densenet{depth}"
    accuracy = Accuracy(_top(top1, top5), _TORCHVISION)
    return (
        Published(
            name=f"{variant}-torchvision", title=f"{variant}, ImageNet, torchvision's file",
            file=f"{variant}-{digest}.pth", fits=(Fit(variant),), size=round(size * 1e6), page=_TORCHVISION,
            licence=BSD_TORCHVISION,
            layout=Layout.DENSENET_DOTTED, urls=(f"https://download.pytorch.org/models/{variant}-{digest}.pth",),
            checksums=(Checksum(_SHA, digest),), training=_IMAGENET, accuracy=accuracy,
        ),
        Published(
            name=f"{variant}-timm", title=f"{variant}, ImageNet, timm's copy",
            file=f"timm-{variant}.tv_in1k.safetensors", fits=(Fit(variant),), size=round(size * 1e6),
            page=Source(f"timm/{variant}.tv_in1k", f"https://huggingface.co/timm/{variant}.tv_in1k"),
            licence=BSD_TORCHVISION, layout=Layout.ORIGINAL,
            urls=(f"https://huggingface.co/timm/{variant}.tv_in1k/resolve/main/model.safetensors",),
            checksums=(Checksum(_SHA, safe),) if safe else (), twins=(Checksum(_SHA, binary),) if binary else (),
            note="torchvision's weights under newer names.", training=_IMAGENET, accuracy=accuracy,
        ),
    )  # fmt: skip


_DENSENETS = (
    *_densenet(121, "a639ec97", 32.3, 74.434, 91.972,
               safe="c894c6d9caa317a8ca1942986dee7a16a86c77734a4d691d2abe05389cfef358"),
    *_densenet(161, "8d451a50", 115.6, 77.138, 93.560,
               binary="f9ee24e6d30ab3405d9c468040f74e2de66675126eee9ec9ec15826b5a0619d3"),
    *_densenet(169, "b2777c0a", 57.2, 75.600, 92.806),
    *_densenet(201, "c1103571", 81.0, 76.896, 93.370),
)  # fmt: skip


def _deeplab(name: str, file: str, trained_on: str, classes: int, size: float, accuracy: str) -> Published:
    voc = classes == 21
    return Published(
        name=f"deeplabv2-{name}", title=f"DeepLab v2, {trained_on}", file=f"{file}.pth",
        fits=(Fit("deeplabv2_resnet101_msc", head=None if voc else {"classes": classes}),),
        page=_DEEPLAB, licence=MIT_DEEPLAB, layout=Layout.ORIGINAL,
        training=Training(
            Task.SEGMENTATION, trained_on, "DeepLab on PASCAL VOC" if voc else "DeepLab on COCO-Stuff", classes
        ),
        size=round(size * 1e6), urls=(f"{_DEEPLAB_FILES}/{file}.pth",), accuracy=Accuracy(accuracy, _DEEPLAB),
        note="" if voc else "182 classes, of which 171 were learned.",
    )  # fmt: skip


_DEEPLABS = (
    _deeplab("vocaug", "deeplabv2_resnet101_msc-vocaug-20000", "VOC 2012 trainaug", 21, 176.6,
             "76.65 mean IoU on VOC 2012 val without CRF"),
    _deeplab("cocostuff164k", "deeplabv2_resnet101_msc-cocostuff164k-100000", "COCO-Stuff 164k", 182, 224.1,
             "39.1 mean IoU on COCO-Stuff 164k without CRF"),
    _deeplab("cocostuff10k", "deeplabv2_resnet101_msc-cocostuff10k-20000", "COCO-Stuff 10k", 182, 224.1,
             "34.8 mean IoU on COCO-Stuff 10k without CRF"),
    Published(
        name="deeplabv1-coco", title="DeepLab v1, COCO", file="deeplabv1_resnet101-coco.pth", fits=(), page=_DEEPLAB,
        licence=MIT_DEEPLAB, layout=Layout.ORIGINAL,
        training=Training(Task.SEGMENTATION, "COCO", "DeepLab", 91), size=round(171.2e6),
        unfit="Published as a Caffe model alone: deeplab-pytorch's convert.py makes a file of 91 classes from it, "
              "which a network of 91 classes takes.",
    ),
)  # fmt: skip


def _gluon(name: str, file: str, tag: str, digest: str, size: float, accuracy: str = "") -> Published:
    """Another project's training, under other keys."""
    return Published(
        name=f"{name}-imgclsmob", title=f"{name}, ImageNet, of imgclsmob", file=file, fits=(), page=_GLUON,
        licence=MIT_GLUON, layout=None, size=round(size * 1e6),
        urls=(f"{_GLUON.url}/releases/download/{tag}/{file}",),
        accuracy=Accuracy(accuracy, _GLUON) if accuracy else None,
        note=f"SHA-1 of the unpacked file begins with {digest}.",
        unfit="Its keys are named otherwise, and its order of modules is not documented: no network here takes it.",
        training=_IMAGENET,
    )  # fmt: skip


_OTHERS = (
    _gluon("dla34", "dla34-0724-649c67e6.pth.zip", "v0.0.486", "649c67e6", 63.2),
    _gluon("dla60", "dla60-0570-f8ea80aa.pth.zip", "v0.0.494", "f8ea80aa", 89.5),
    _gluon("dla102x2", "dla102x2-0437-8922a457.pth.zip", "v0.0.542", "8922a457", 167.6),
    _gluon("vovnet27_slim", "vovnet27s-0997-b7a5bf67.pth.zip", "v0.0.551", "b7a5bf67", 14.1, _top(100 - 29.28)),
    Published(
        name="vovnet27_slim-vision-toolbox", title="vovnet27_slim, ImageNet, of vision-toolbox",
        file="vovnet27_slim-dd43306a.pth", fits=(),
        page=_TOOLBOX,
        licence=NONE_VISION_TOOLBOX, layout=None, size=round(14.1e6), accuracy=Accuracy("71.6 % top-1", _TOOLBOX),
        unfit="Its stem and pooling differ from the paper's: another network under the same name.", training=_IMAGENET,
    ),
)  # fmt: skip

CHECKPOINTS = Registry((*_DLA, *_CENTERNET, *_VOVNETS, *_DENSENETS, *_DEEPLABS, *_OTHERS))
"""All of them; for each network the likeliest to be reached first."""
