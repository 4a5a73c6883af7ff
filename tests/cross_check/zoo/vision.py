"""Networks of convolutions, as different people write them."""

import math
from collections import OrderedDict
from functools import partial

import torch
from torch import nn

from tests.cross_check.constructors import Case

# --- ResNets ----------------------------------------------------------------------------


def conv3x3(in_planes, out_planes, stride=1, groups=1):
    return nn.Conv2d(in_planes, out_planes, kernel_size=3, stride=stride, padding=1, groups=groups, bias=False)


def conv1x1(in_planes, out_planes, stride=1):
    return nn.Conv2d(in_planes, out_planes, kernel_size=1, stride=stride, bias=False)


class Bottleneck(nn.Module):
    expansion = 4

    def __init__(self, inplanes, planes, stride=1, downsample=None, groups=1, base_width=64, norm_layer=nn.BatchNorm2d):
        super().__init__()
        width = int(planes * (base_width / 64.0)) * groups
        self.conv1 = conv1x1(inplanes, width)
        self.bn1 = norm_layer(width)
        self.conv2 = conv3x3(width, width, stride, groups)
        self.bn2 = norm_layer(width)
        self.conv3 = conv1x1(width, planes * self.expansion)
        self.bn3 = norm_layer(planes * self.expansion)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample


class BottleneckResNet(nn.Module):
    def __init__(self, block, layers, num_classes=1000, groups=1, width_per_group=64):
        super().__init__()
        self.inplanes = 64
        self.groups, self.base_width = groups, width_per_group
        self.conv1 = nn.Conv2d(3, self.inplanes, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(self.inplanes)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = self._make_layer(block, 64, layers[0])
        self.layer2 = self._make_layer(block, 128, layers[1], stride=2)
        self.layer3 = self._make_layer(block, 256, layers[2], stride=2)
        self.layer4 = self._make_layer(block, 512, layers[3], stride=2)
        self.fc = nn.Linear(512 * block.expansion, num_classes)

    def _make_layer(self, block, planes, blocks, stride=1):
        downsample = None
        if stride != 1 or self.inplanes != planes * block.expansion:
            downsample = nn.Sequential(
                conv1x1(self.inplanes, planes * block.expansion, stride), nn.BatchNorm2d(planes * block.expansion)
            )
        layers = [block(self.inplanes, planes, stride, downsample, self.groups, self.base_width)]
        self.inplanes = planes * block.expansion
        for _ in range(1, blocks):
            layers.append(block(self.inplanes, planes, groups=self.groups, base_width=self.base_width))
        return nn.Sequential(*layers)


def resnext(layers, groups, width_per_group, num_classes):
    return BottleneckResNet(Bottleneck, layers, num_classes, groups=groups, width_per_group=width_per_group)


class WideBlock(nn.Module):
    def __init__(self, in_planes, out_planes, stride):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(in_planes), conv3x3(in_planes, out_planes, stride)
        self.bn2, self.conv2 = nn.BatchNorm2d(out_planes), conv3x3(out_planes, out_planes)
        self.equal = in_planes == out_planes
        self.shortcut = (not self.equal and conv1x1(in_planes, out_planes, stride)) or None


class WideResNet(nn.Module):
    def __init__(self, depth, num_classes, widen_factor=1):
        super().__init__()
        channels = [16, 16 * widen_factor, 32 * widen_factor, 64 * widen_factor]
        assert (depth - 4) % 6 == 0
        n = (depth - 4) / 6
        self.conv1 = conv3x3(3, channels[0])
        self.block1 = self.stack(n, channels[0], channels[1], 1)
        self.block2 = self.stack(n, channels[1], channels[2], 2)
        self.block3 = self.stack(n, channels[2], channels[3], 2)
        self.bn1 = nn.BatchNorm2d(channels[3])
        self.fc = nn.Linear(channels[3], num_classes)

    def stack(self, n, a, b, stride):
        return nn.Sequential(*[WideBlock((i == 0 and a) or b, b, (i == 0 and stride) or 1) for i in range(int(n))])


class SqueezeExcite(nn.Module):
    def __init__(self, channel, reduction=16):
        super().__init__()
        self.avg_pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Sequential(
            nn.Linear(channel, channel // reduction, bias=False),
            nn.ReLU(inplace=True),
            nn.Linear(channel // reduction, channel, bias=False),
            nn.Sigmoid(),
        )


class SENet(nn.Module):
    def __init__(self, width, num_blocks, reduction, num_classes=10):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        stages = []
        inp = width
        for i, n in enumerate(num_blocks):
            out = width << i
            blocks = []
            for j in range(n):
                blocks.append(nn.Sequential(conv3x3(inp, out), nn.BatchNorm2d(out), SqueezeExcite(out, reduction)))
                inp = out
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.Sequential(*stages)
        self.classifier = nn.Linear(inp, num_classes)


# --- VGG by a list with letters ---------------------------------------------------------


class VGG(nn.Module):
    def __init__(self, cfg, num_classes=1000, batch_norm=True, hidden=4096):
        super().__init__()
        layers, in_channels = [], 3
        for v in cfg:
            if v == "M":
                layers += [nn.MaxPool2d(kernel_size=2, stride=2)]
                continue
            conv2d = nn.Conv2d(in_channels, v, kernel_size=3, padding=1)
            layers += [conv2d, nn.BatchNorm2d(v), nn.ReLU(True)] if batch_norm else [conv2d, nn.ReLU(True)]
            in_channels = v
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Linear(in_channels * 7 * 7, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.Linear(hidden, num_classes)
        )


# --- U-Nets -----------------------------------------------------------------------------


class SkipBlock(nn.Module):
    """Each block holds the next: as deep as it is called."""

    def __init__(self, outer, inner, submodule=None, input_nc=None, outermost=False):
        super().__init__()
        input_nc = outer if input_nc is None else input_nc
        self.down = nn.Conv2d(input_nc, inner, kernel_size=4, stride=2, padding=1)
        self.submodule = submodule
        self.up = nn.ConvTranspose2d(
            inner if submodule is None else inner * 2, outer, kernel_size=4, stride=2, padding=1
        )
        self.norm = None if outermost else nn.BatchNorm2d(outer)


class RecursiveUNet(nn.Module):
    def __init__(self, input_nc, output_nc, num_downs, ngf=64):
        super().__init__()
        block = SkipBlock(ngf * 8, ngf * 8)
        for _ in range(num_downs - 5):
            block = SkipBlock(ngf * 8, ngf * 8, submodule=block)
        for mult in (4, 2, 1):
            block = SkipBlock(ngf * mult, ngf * mult * 2, submodule=block)
        self.model = SkipBlock(output_nc, ngf, input_nc=input_nc, submodule=block, outermost=True)


class DoubleConv(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 3, 1, 1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(out_channels, out_channels, 3, 1, 1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
        )


class FeatureUNet(nn.Module):
    def __init__(self, in_channels=3, out_channels=1, features=(64, 128, 256, 512)):
        super().__init__()
        self.ups, self.downs = nn.ModuleList(), nn.ModuleList()
        self.pool = nn.MaxPool2d(kernel_size=2, stride=2)
        for feature in features:
            self.downs.append(DoubleConv(in_channels, feature))
            in_channels = feature
        for feature in reversed(features):
            self.ups.append(nn.ConvTranspose2d(feature * 2, feature, kernel_size=2, stride=2))
            self.ups.append(DoubleConv(feature * 2, feature))
        self.bottleneck = DoubleConv(features[-1], features[-1] * 2)
        self.final_conv = nn.Conv2d(features[0], out_channels, kernel_size=1)


class TimeBlock(nn.Module):
    def __init__(self, dim, dim_out, *, time_emb_dim=None, groups=8):
        super().__init__()
        self.mlp = nn.Sequential(nn.SiLU(), nn.Linear(time_emb_dim, dim_out * 2)) if time_emb_dim else None
        self.block1 = nn.Sequential(nn.Conv2d(dim, dim_out, 3, padding=1), nn.GroupNorm(groups, dim_out))
        self.block2 = nn.Sequential(nn.Conv2d(dim_out, dim_out, 3, padding=1), nn.GroupNorm(groups, dim_out))
        self.res_conv = nn.Conv2d(dim, dim_out, 1) if dim != dim_out else nn.Identity()


class LinearAttention(nn.Module):
    def __init__(self, dim, heads=4, dim_head=32):
        super().__init__()
        hidden_dim = dim_head * heads
        self.to_qkv = nn.Conv2d(dim, hidden_dim * 3, 1, bias=False)
        self.to_out = nn.Sequential(nn.Conv2d(hidden_dim, dim, 1), nn.GroupNorm(1, dim))


class DiffusionUNet(nn.Module):
    def __init__(self, dim, init_dim=None, out_dim=None, dim_mults=(1, 2, 4, 8), channels=3, groups=4):
        super().__init__()
        init_dim = init_dim if init_dim is not None else dim // 3 * 2
        self.init_conv = nn.Conv2d(channels, init_dim, 7, padding=3)
        dims = [init_dim, *map(lambda m: dim * m, dim_mults)]  # noqa: C417
        in_out = list(zip(dims[:-1], dims[1:], strict=True))
        time_dim = dim * 4
        self.time_mlp = nn.Sequential(nn.Linear(dim, time_dim), nn.GELU(), nn.Linear(time_dim, time_dim))
        block = partial(TimeBlock, time_emb_dim=time_dim, groups=groups)
        self.downs, self.ups = nn.ModuleList([]), nn.ModuleList([])
        for ind, (dim_in, dim_out) in enumerate(in_out):
            is_last = ind >= (len(in_out) - 1)
            down = nn.Conv2d(dim_out, dim_out, 4, 2, 1) if not is_last else nn.Identity()
            self.downs.append(
                nn.ModuleList([block(dim_in, dim_out), block(dim_out, dim_out), LinearAttention(dim_out), down])
            )
        mid_dim = dims[-1]
        self.mid_block1, self.mid_block2 = block(mid_dim, mid_dim), block(mid_dim, mid_dim)
        for ind, (dim_in, dim_out) in enumerate(reversed(in_out[1:])):
            is_last = ind >= (len(in_out) - 1)
            up = nn.ConvTranspose2d(dim_in, dim_in, 4, 2, 1) if not is_last else nn.Identity()
            self.ups.append(
                nn.ModuleList([block(dim_out * 2, dim_in), block(dim_in, dim_in), LinearAttention(dim_in), up])
            )
        self.final_conv = nn.Conv2d(dim, out_dim if out_dim is not None else channels, 1)


# --- DenseNet with names that have numbers ----------------------------------------------


class DenseBlock(nn.Module):
    def __init__(self, num_layers, num_input_features, bn_size, growth_rate):
        super().__init__()
        for i in range(num_layers):
            n = num_input_features + i * growth_rate
            layer = nn.Sequential(
                OrderedDict(
                    norm1=nn.BatchNorm2d(n),
                    conv1=nn.Conv2d(n, bn_size * growth_rate, kernel_size=1, bias=False),
                    norm2=nn.BatchNorm2d(bn_size * growth_rate),
                    conv2=nn.Conv2d(bn_size * growth_rate, growth_rate, kernel_size=3, padding=1, bias=False),
                )
            )
            self.add_module("denselayer%d" % (i + 1), layer)


class NamedDenseNet(nn.Module):
    def __init__(self, growth_rate=32, block_config=(6, 12, 24, 16), num_init_features=64, bn_size=4, num_classes=1000):
        super().__init__()
        self.features = nn.Sequential(
            OrderedDict(
                [
                    ("conv0", nn.Conv2d(3, num_init_features, kernel_size=7, stride=2, padding=3, bias=False)),
                    ("norm0", nn.BatchNorm2d(num_init_features)),
                ]
            )
        )
        num_features = num_init_features
        for i, num_layers in enumerate(block_config):
            self.features.add_module(f"denseblock{i + 1}", DenseBlock(num_layers, num_features, bn_size, growth_rate))
            num_features = num_features + num_layers * growth_rate
            if i != len(block_config) - 1:
                trans = nn.Sequential()
                trans.add_module("norm", nn.BatchNorm2d(num_features))
                trans.add_module("conv", nn.Conv2d(num_features, num_features // 2, kernel_size=1, bias=False))
                self.features.add_module(f"transition{i + 1}", trans)
                num_features = num_features // 2
        self.features.add_module("norm5", nn.BatchNorm2d(num_features))
        self.classifier = nn.Linear(num_features, num_classes)


# --- Mobile networks --------------------------------------------------------------------


def _make_divisible(v, divisor, min_value=None):
    if min_value is None:
        min_value = divisor
    new_v = max(min_value, int(v + divisor / 2) // divisor * divisor)
    if new_v < 0.9 * v:
        new_v += divisor
    return new_v


class ConvBNReLU(nn.Sequential):
    def __init__(self, in_planes, out_planes, kernel_size=3, stride=1, groups=1):
        padding = (kernel_size - 1) // 2
        super().__init__(
            nn.Conv2d(in_planes, out_planes, kernel_size, stride, padding, groups=groups, bias=False),
            nn.BatchNorm2d(out_planes),
            nn.ReLU6(inplace=True),
        )


class InvertedResidual(nn.Module):
    def __init__(self, inp, oup, stride, expand_ratio):
        super().__init__()
        assert stride in [1, 2]
        hidden_dim = int(round(inp * expand_ratio))
        layers = []
        if expand_ratio != 1:
            layers.append(ConvBNReLU(inp, hidden_dim, kernel_size=1))
        layers.extend(
            [
                ConvBNReLU(hidden_dim, hidden_dim, stride=stride, groups=hidden_dim),
                nn.Conv2d(hidden_dim, oup, 1, 1, 0, bias=False),
                nn.BatchNorm2d(oup),
            ]
        )
        self.conv = nn.Sequential(*layers)


class MobileNetV2(nn.Module):
    def __init__(self, num_classes=1000, width_mult=1.0, round_nearest=8, input_channel=32, last_channel=1280):
        super().__init__()
        setting = [[1, 16, 1, 1], [6, 24, 2, 2], [6, 32, 3, 2], [6, 64, 4, 2], [6, 96, 3, 1], [6, 160, 3, 2]]
        input_channel = _make_divisible(input_channel * width_mult, round_nearest)
        self.last_channel = _make_divisible(last_channel * max(1.0, width_mult), round_nearest)
        features = [ConvBNReLU(3, input_channel, stride=2)]
        for t, c, n, s in setting:
            output_channel = _make_divisible(c * width_mult, round_nearest)
            for i in range(n):
                features.append(InvertedResidual(input_channel, output_channel, s if i == 0 else 1, t))
                input_channel = output_channel
        features.append(ConvBNReLU(input_channel, self.last_channel, kernel_size=1))
        self.features = nn.Sequential(*features)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(self.last_channel, num_classes))


def shuffle_net(stages_repeats, stages_out_channels, num_classes=1000):
    """Build a ShuffleNet: the first of each stage has two branches."""

    def branch(inp, out, stride):
        return nn.Sequential(
            nn.Conv2d(inp, inp, 3, stride, 1, groups=inp, bias=False),
            nn.BatchNorm2d(inp),
            nn.Conv2d(inp, out, 1, bias=False),
            nn.BatchNorm2d(out),
        )

    class Unit(nn.Module):
        def __init__(self, inp, oup, stride):
            super().__init__()
            half = oup // 2
            self.branch1 = branch(inp, half, stride) if stride > 1 else nn.Sequential()
            self.branch2 = nn.Sequential(nn.Conv2d(inp if stride > 1 else half, half, 1), branch(half, half, stride))

    net = nn.Module()
    input_channels = stages_out_channels[0]
    net.conv1 = nn.Conv2d(3, input_channels, 3, 2, 1)
    for name, repeats, out in zip(
        ("stage2", "stage3", "stage4"), stages_repeats, stages_out_channels[1:-1], strict=True
    ):
        seq = [Unit(input_channels, out, 2)]
        for _ in range(repeats - 1):
            seq.append(Unit(out, out, 1))
        setattr(net, name, nn.Sequential(*seq))
        input_channels = out
    net.conv5 = nn.Conv2d(input_channels, stages_out_channels[-1], 1)
    net.fc = nn.Linear(stages_out_channels[-1], num_classes)
    return net


class Inception(nn.Module):
    def __init__(self, in_channels, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj):
        super().__init__()

        def bc(a, b, **kw):
            return nn.Sequential(nn.Conv2d(a, b, bias=False, **kw), nn.BatchNorm2d(b, eps=0.001))

        self.branch1 = bc(in_channels, ch1x1, kernel_size=1)
        self.branch2 = nn.Sequential(bc(in_channels, ch3x3red, kernel_size=1), bc(ch3x3red, ch3x3, kernel_size=3))
        self.branch3 = nn.Sequential(bc(in_channels, ch5x5red, kernel_size=1), bc(ch5x5red, ch5x5, kernel_size=3))
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, 1, 1), bc(in_channels, pool_proj, kernel_size=1))
        self.out_channels = ch1x1 + ch3x3 + ch5x5 + pool_proj
        self.next = nn.Conv2d(self.out_channels, self.out_channels // 2, 1)


class Ghost(nn.Module):
    def __init__(self, inp, oup, ratio=2, dw_size=3):
        super().__init__()
        init_channels = math.ceil(oup / ratio)
        new_channels = init_channels * (ratio - 1)
        self.primary = nn.Sequential(nn.Conv2d(inp, init_channels, 1, bias=False), nn.BatchNorm2d(init_channels))
        self.cheap = nn.Sequential(
            nn.Conv2d(init_channels, new_channels, dw_size, 1, dw_size // 2, groups=init_channels, bias=False),
            nn.BatchNorm2d(new_channels),
        )


# --- Generators -------------------------------------------------------------------------


def dcgan(nz=100, ngf=64, ndf=64, nc=3):
    netg = nn.Sequential(
        nn.ConvTranspose2d(nz, ngf * 8, 4, 1, 0, bias=False),
        nn.BatchNorm2d(ngf * 8),
        nn.ConvTranspose2d(ngf * 8, ngf * 4, 4, 2, 1, bias=False),
        nn.BatchNorm2d(ngf * 4),
        nn.ConvTranspose2d(ngf * 4, ngf * 2, 4, 2, 1, bias=False),
        nn.BatchNorm2d(ngf * 2),
        nn.ConvTranspose2d(ngf * 2, nc, 4, 2, 1, bias=False),
    )
    netd = nn.Sequential(
        nn.Conv2d(nc, ndf, 4, 2, 1, bias=False),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(ndf, ndf * 2, 4, 2, 1, bias=False),
        nn.BatchNorm2d(ndf * 2),
        nn.Conv2d(ndf * 2, 1, 4, 1, 0, bias=False),
    )
    return nn.ModuleDict({"G": netg, "D": netd})


class Progressive(nn.Module):
    """Feature maps halve with each resolution, and are never more than a maximum."""

    def __init__(self, resolution_log2=7, fmap_base=4096, fmap_max=512, latent_size=512, mapping_layers=8):
        super().__init__()

        def nf(stage):
            return min(int(fmap_base / (2.0**stage)), fmap_max)

        self.mapping = nn.Sequential(*[nn.Linear(latent_size, latent_size) for _ in range(mapping_layers)])
        self.const = nn.Parameter(torch.ones(1, nf(1), 4, 4))
        self.blocks = nn.ModuleList()
        for res in range(3, resolution_log2 + 1):
            block = nn.Module()
            block.conv0 = nn.Conv2d(nf(res - 2), nf(res - 1), 3, padding=1)
            block.conv1 = nn.Conv2d(nf(res - 1), nf(res - 1), 3, padding=1)
            block.style = nn.Linear(latent_size, nf(res - 1) * 2)
            self.blocks.append(block)
        self.to_rgb = nn.Conv2d(nf(resolution_log2 - 1), 3, 1)


# --- Autoencoders -----------------------------------------------------------------------


def nonlinearity_norm(in_channels, num_groups=32):
    return nn.GroupNorm(num_groups=num_groups, num_channels=in_channels, eps=1e-6)


class ResnetBlock(nn.Module):
    def __init__(self, *, in_channels, out_channels=None, groups=4):
        super().__init__()
        out_channels = in_channels if out_channels is None else out_channels
        self.norm1 = nonlinearity_norm(in_channels, groups)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, 1, 1)
        self.norm2 = nonlinearity_norm(out_channels, groups)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, 1, 1)
        if in_channels != out_channels:
            self.nin_shortcut = nn.Conv2d(in_channels, out_channels, 1)


class Quantizer(nn.Module):
    def __init__(self, dim, n_embed, decay=0.99):
        super().__init__()
        embed = torch.randn(dim, n_embed)
        self.register_buffer("embed", embed)
        self.register_buffer("cluster_size", torch.zeros(n_embed))
        self.register_buffer("embed_avg", embed.clone())


class VQEncoder(nn.Module):
    def __init__(self, *, ch, ch_mult=(1, 2, 4), num_res_blocks, in_channels, z_channels, n_embed):
        super().__init__()
        self.conv_in = nn.Conv2d(in_channels, ch, 3, 1, 1)
        in_ch_mult = (1, *tuple(ch_mult))
        self.down = nn.ModuleList()
        for i_level in range(len(ch_mult)):
            block = nn.ModuleList()
            block_in, block_out = ch * in_ch_mult[i_level], ch * ch_mult[i_level]
            for _ in range(num_res_blocks):
                block.append(ResnetBlock(in_channels=block_in, out_channels=block_out))
                block_in = block_out
            down = nn.Module()
            down.block = block
            if i_level != len(ch_mult) - 1:
                down.downsample = nn.Conv2d(block_in, block_in, 3, 2, 0)
            self.down.append(down)
        self.norm_out = nonlinearity_norm(block_in, 4)
        self.conv_out = nn.Conv2d(block_in, z_channels, 3, 1, 1)
        self.quantize = Quantizer(z_channels, n_embed)


# --- Detection --------------------------------------------------------------------------


class FPN(nn.Module):
    def __init__(self, in_channels_list, out_channels, extra=True):
        super().__init__()
        self.inner_blocks = nn.ModuleList()
        self.layer_blocks = nn.ModuleList()
        for in_channels in in_channels_list:
            if in_channels == 0:
                raise ValueError("in_channels=0 is currently not supported")
            self.inner_blocks.append(nn.Conv2d(in_channels, out_channels, 1, padding=0))
            self.layer_blocks.append(nn.Conv2d(out_channels, out_channels, 3, padding=1))
        self.p6 = nn.Conv2d(out_channels, out_channels, 3, 2, 1) if extra else None


class RetinaHead(nn.Module):
    def __init__(self, in_channels, num_anchors, num_classes, num_convs=4):
        super().__init__()
        self.cls_subnet, self.bbox_subnet = nn.Sequential(), nn.Sequential()
        for i in range(num_convs):
            self.cls_subnet.append(nn.Conv2d(in_channels, in_channels, 3, padding=1))
            self.bbox_subnet.append(nn.Conv2d(in_channels, in_channels, 3, padding=1))
        self.cls_score = nn.Conv2d(in_channels, num_anchors * num_classes, 3, padding=1)
        self.bbox_pred = nn.Conv2d(in_channels, num_anchors * 4, 3, padding=1)


def retina_net(in_channels_list, out_channels, num_anchors, num_classes):
    m = nn.Module()
    m.fpn = FPN(in_channels_list, out_channels)
    m.head = RetinaHead(out_channels, num_anchors, num_classes)
    return m


class CSP(nn.Module):
    def __init__(self, c1, c2, n=1, e=0.5):
        super().__init__()
        c_ = int(c2 * e)
        self.cv1, self.cv2 = nn.Conv2d(c1, c_, 1, bias=False), nn.Conv2d(c1, c_, 1, bias=False)
        self.cv3 = nn.Conv2d(2 * c_, c2, 1, bias=False)
        self.m = nn.Sequential(*(nn.Sequential(nn.Conv2d(c_, c_, 1), nn.Conv2d(c_, c_, 3)) for _ in range(n)))


class YoloBackbone(nn.Module):
    def __init__(self, base=64, repeats=3, depth_multiple=0.33, width_multiple=0.5, num_classes=80):
        super().__init__()
        w = int(base * width_multiple)
        n = max(round(repeats * depth_multiple), 1)
        self.stem = nn.Conv2d(3, w, 6, 2, 2)
        self.dark2 = nn.Sequential(nn.Conv2d(w, w * 2, 3, 2, 1), CSP(w * 2, w * 2, n))
        self.dark3 = nn.Sequential(nn.Conv2d(w * 2, w * 4, 3, 2, 1), CSP(w * 4, w * 4, n * 3))
        self.dark4 = nn.Sequential(nn.Conv2d(w * 4, w * 8, 3, 2, 1), CSP(w * 8, w * 8, n * 3))
        self.detect = nn.ModuleList(nn.Conv2d(c, 3 * (num_classes + 5), 1) for c in (w * 4, w * 8))


# --- Others -----------------------------------------------------------------------------


class ConvNeXtBlock(nn.Module):
    def __init__(self, dim, layer_scale_init_value=1e-6):
        super().__init__()
        self.dwconv = nn.Conv2d(dim, dim, kernel_size=7, padding=3, groups=dim)
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.pwconv1 = nn.Linear(dim, 4 * dim)
        self.pwconv2 = nn.Linear(4 * dim, dim)
        self.gamma = (
            nn.Parameter(layer_scale_init_value * torch.ones(dim), requires_grad=True)
            if layer_scale_init_value > 0
            else None
        )


class ConvNeXt(nn.Module):
    def __init__(self, in_chans=3, num_classes=1000, depths=(3, 3, 9, 3), dims=(96, 192, 384, 768), drop_path_rate=0.0):
        super().__init__()
        self.downsample_layers = nn.ModuleList()
        stem = nn.Sequential(nn.Conv2d(in_chans, dims[0], kernel_size=4, stride=4), nn.GroupNorm(1, dims[0]))
        self.downsample_layers.append(stem)
        for i in range(3):
            self.downsample_layers.append(
                nn.Sequential(nn.GroupNorm(1, dims[i]), nn.Conv2d(dims[i], dims[i + 1], kernel_size=2, stride=2))
            )
        self.stages = nn.ModuleList()
        dp_rates = [x.item() for x in torch.linspace(0, drop_path_rate, sum(depths), device="cpu")]
        cur = 0
        for i in range(4):
            self.stages.append(
                nn.Sequential(*[ConvNeXtBlock(dim=dims[i]) for j in range(depths[i]) if dp_rates[cur + j] >= 0])
            )
            cur += depths[i]
        self.norm = nn.LayerNorm(dims[-1], eps=1e-6)
        self.head = nn.Linear(dims[-1], num_classes)


class TNet(nn.Module):
    def __init__(self, k, width):
        super().__init__()
        self.k = k
        self.conv1, self.conv2 = nn.Conv1d(k, width, 1), nn.Conv1d(width, 16 * width, 1)
        self.fc1, self.fc2 = nn.Linear(16 * width, 4 * width), nn.Linear(4 * width, k * k)


class PointNet(nn.Module):
    def __init__(self, channel=3, width=64, k=40, feature_transform=True):
        super().__init__()
        self.stn = TNet(channel, width)
        self.conv1, self.conv2 = nn.Conv1d(channel, width, 1), nn.Conv1d(width, 2 * width, 1)
        if feature_transform:
            self.fstn = TNet(width, width)
        self.fc1, self.fc2 = nn.Linear(16 * width, 512), nn.Linear(512, k)


class HighResolution(nn.Module):
    """Branches of several resolutions, each of which is given to each other."""

    def __init__(self, num_channels, num_blocks):
        super().__init__()
        n = len(num_channels)
        self.branches = nn.ModuleList(
            [nn.Sequential(*[nn.Conv2d(c, c, 3, padding=1) for _ in range(num_blocks)]) for c in num_channels]
        )
        self.fuse_layers = nn.ModuleList()
        for i in range(n):
            fuse = nn.ModuleList()
            for j in range(n):
                if j > i:
                    fuse.append(
                        nn.Sequential(nn.Conv2d(num_channels[j], num_channels[i], 1), nn.BatchNorm2d(num_channels[i]))
                    )
                elif j == i:
                    fuse.append(nn.Identity())
                else:
                    fuse.append(
                        nn.Sequential(
                            *[
                                nn.Conv2d(
                                    num_channels[j], num_channels[j] if k < i - j - 1 else num_channels[i], 3, 2, 1
                                )
                                for k in range(i - j)
                            ]
                        )
                    )
            self.fuse_layers.append(fuse)


CASES = [
    Case(resnext, {"layers": [3, 4, 6, 3], "groups": 32, "width_per_group": 4, "num_classes": 1000}),
    Case(WideResNet, {"depth": 28, "num_classes": 10, "widen_factor": 10}),
    Case(SENet, {"width": 64, "num_blocks": [2, 2, 2], "reduction": 16, "num_classes": 10}),
    Case(VGG, {"cfg": [64, "M", 128, "M", 256, 256, "M"], "num_classes": 1000, "hidden": 4096}),
    Case(RecursiveUNet, {"input_nc": 3, "output_nc": 1, "num_downs": 7, "ngf": 64}, fixed=["num_downs"]),
    Case(FeatureUNet, {"in_channels": 3, "out_channels": 1, "features": [64, 128, 256, 512]}),
    Case(DiffusionUNet, {"dim": 48, "dim_mults": (1, 2, 4, 8), "channels": 3}),
    Case(NamedDenseNet, {"growth_rate": 32, "block_config": (6, 12, 24, 16), "num_init_features": 64, "bn_size": 4}),
    Case(
        MobileNetV2,
        {"num_classes": 1000, "round_nearest": 8, "input_channel": 32, "last_channel": 1280},
        fixed=["round_nearest"],
    ),
    Case(shuffle_net, {"stages_repeats": [4, 8, 4], "stages_out_channels": [24, 116, 232, 464, 1024]}),
    Case(
        Inception,
        {"in_channels": 192, "ch1x1": 64, "ch3x3red": 96, "ch3x3": 128, "ch5x5red": 16, "ch5x5": 32, "pool_proj": 32},
    ),
    Case(Ghost, {"inp": 16, "oup": 40, "ratio": 2, "dw_size": 3}),
    Case(dcgan, {"nz": 100, "ngf": 64, "ndf": 64, "nc": 3}),
    Case(Progressive, {"resolution_log2": 7, "fmap_base": 4096, "fmap_max": 512, "latent_size": 512}),
    Case(
        VQEncoder,
        {"ch": 64, "ch_mult": (1, 2, 4), "num_res_blocks": 2, "in_channels": 3, "z_channels": 256, "n_embed": 1024},
    ),
    Case(retina_net, {"in_channels_list": [256, 512, 1024], "out_channels": 256, "num_anchors": 9, "num_classes": 80}),
    Case(YoloBackbone, {"base": 64, "repeats": 3, "num_classes": 80}),
    Case(ConvNeXt, {"num_classes": 1000, "depths": [3, 3, 9, 3], "dims": [96, 192, 384, 768]}),
    Case(PointNet, {"channel": 3, "width": 64, "k": 40}),
    Case(HighResolution, {"num_channels": [32, 64, 128], "num_blocks": 4}),
]
