"""Networks of `specs/` as PyTorch modules, written by hand after the code that their authors or libraries publish."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from torch import nn


class Owning(nn.Module):
    """A module with parameters and modules of these names."""

    def __init__(self, **members: Any) -> None:
        super().__init__()
        for name, member in members.items():
            setattr(self, name, nn.Parameter(torch.empty(*member)) if isinstance(member, tuple) else member)


def several(number: int, make: Callable[[], nn.Module]) -> nn.ModuleList:
    return nn.ModuleList(make() for _ in range(number))


def linear(before: int, after: int) -> nn.Linear:
    return nn.Linear(before, after, bias=False)


def mixtral_8x7b() -> nn.Module:
    """MixtralForCausalLM of transformers 4."""

    def expert() -> nn.Module:
        return Owning(w1=linear(4096, 14336), w2=linear(14336, 4096), w3=linear(4096, 14336))

    def layer() -> nn.Module:
        return Owning(
            q_proj=linear(4096, 4096),
            k_proj=linear(4096, 1024),
            v_proj=linear(4096, 1024),
            o_proj=linear(4096, 4096),
            gate=linear(4096, 8),
            experts=several(8, expert),
            input_layernorm=nn.RMSNorm(4096),
            post_attention_layernorm=nn.RMSNorm(4096),
        )

    return Owning(
        embed_tokens=nn.Embedding(32000, 4096),
        layers=several(32, layer),
        norm=nn.RMSNorm(4096),
        lm_head=linear(4096, 32000),
    )


def vit_b16() -> nn.Module:
    """torchvision.models.vit_b_16."""
    layer = nn.TransformerEncoderLayer(768, 12, 3072, activation="gelu", norm_first=True, batch_first=True)
    return Owning(
        conv_proj=nn.Conv2d(3, 768, 16, stride=16),
        class_token=(1, 1, 768),
        pos_embedding=(1, 197, 768),
        encoder=nn.TransformerEncoder(layer, 12, nn.LayerNorm(768), enable_nested_tensor=False),
        head=nn.Linear(768, 1000),
    )


def mlp_mixer_b16() -> nn.Module:
    """mixer_b16_224 of timm."""

    def block() -> nn.Module:
        return Owning(
            norm1=nn.LayerNorm(768),
            tokens=nn.Sequential(nn.Linear(196, 384), nn.GELU(), nn.Linear(384, 196)),
            norm2=nn.LayerNorm(768),
            channels=nn.Sequential(nn.Linear(768, 3072), nn.GELU(), nn.Linear(3072, 768)),
        )

    return nn.Sequential(nn.Conv2d(3, 768, 16, stride=16), *several(12, block), nn.LayerNorm(768), nn.Linear(768, 1000))


def convnext_t() -> nn.Module:
    """torchvision.models.convnext_tiny."""

    def block(width: int) -> nn.Module:
        layers = (
            nn.Conv2d(width, width, 7, padding=3, groups=width),
            nn.LayerNorm(width),
            nn.Linear(width, 4 * width),
            nn.Linear(4 * width, width),
        )
        return Owning(block=nn.Sequential(*layers), layer_scale=(width, 1, 1))

    stages: list[nn.Module] = [nn.Conv2d(3, 96, 4, stride=4), nn.LayerNorm(96)]
    for width, depth, following in ((96, 3, 192), (192, 3, 384), (384, 9, 768), (768, 3, None)):
        stages += [block(width) for _ in range(depth)]
        if following is not None:
            stages += [nn.LayerNorm(width), nn.Conv2d(width, following, 2, stride=2)]
    return nn.Sequential(*stages, nn.LayerNorm(768), nn.Linear(768, 1000))


def t5_small() -> nn.Module:
    """T5ForConditionalGeneration of transformers, the output tied to the embedding."""

    def attention() -> nn.Module:
        # the kernels of query, key and value as one, as torch.nn.MultiheadAttention keeps them
        return Owning(norm=nn.RMSNorm(512), qkv=linear(512, 3 * 512), o=linear(512, 512))

    def layer(attentions: int) -> nn.Module:
        return Owning(
            attentions=several(attentions, attention),
            norm=nn.RMSNorm(512),
            wi=linear(512, 2048),
            wo=linear(2048, 512),
        )

    def stack(attentions: int) -> nn.Module:
        return Owning(
            relative_attention_bias=nn.Embedding(32, 8),
            layers=several(6, lambda: layer(attentions)),
            final_layer_norm=nn.RMSNorm(512),
        )

    return Owning(shared=nn.Embedding(32128, 512), encoder=stack(1), decoder=stack(2))


def mamba_130m() -> nn.Module:
    """MambaLMHeadModel of state-spaces/mamba, the output tied to the embedding."""

    def layer() -> nn.Module:
        return Owning(
            norm=nn.RMSNorm(768),
            in_proj=linear(768, 2 * 1536),
            conv1d=nn.Conv1d(1536, 1536, 4, groups=1536, padding=3),
            x_proj=linear(1536, 48 + 2 * 16),
            dt_proj=nn.Linear(48, 1536),
            A_log=(1536, 16),
            D=(1536,),
            out_proj=linear(1536, 768),
        )

    return Owning(embedding=nn.Embedding(50280, 768), layers=several(24, layer), norm_f=nn.RMSNorm(768))


def u_net() -> nn.Module:
    """UNet of mateuszbuda/brain-segmentation-pytorch."""

    def block(before: int, after: int) -> list[nn.Module]:
        return [
            nn.Conv2d(before, after, 3, padding=1, bias=False),
            nn.BatchNorm2d(after),
            nn.Conv2d(after, after, 3, padding=1, bias=False),
            nn.BatchNorm2d(after),
        ]

    widths = (32, 64, 128, 256, 512)
    layers: list[nn.Module] = []
    for before, after in pairwise((3, *widths)):
        layers += block(before, after)
    for after in reversed(widths[:-1]):
        layers += [nn.ConvTranspose2d(2 * after, after, 2, stride=2), *block(2 * after, after)]
    return nn.Sequential(*layers, nn.Conv2d(32, 1, 1))


def dlrm() -> nn.Module:
    """DLRM_Net of facebookresearch/dlrm, as dlrm_s_criteo_kaggle.sh calls it."""
    rows = "1460-583-10131227-2202608-305-24-12517-633-3-93145-5683-8351593-3194-27-14992-5461306-10-5652-2173-4"
    rows += "-7046547-18-15-286181-105-142572"
    tables = [int(number) for number in rows.split("-")]
    # each pair of the 26 rows and the vector of the numbers once, and that vector
    interactions = 27 * 26 // 2 + 16
    return Owning(
        emb_l=nn.ModuleList(nn.EmbeddingBag(number, 16) for number in tables),
        bot_l=nn.Sequential(*(nn.Linear(*sizes) for sizes in pairwise((13, 512, 256, 64, 16)))),
        top_l=nn.Sequential(*(nn.Linear(*sizes) for sizes in pairwise((interactions, 512, 256, 1)))),
    )


def crnn() -> nn.Module:
    """Table 1 of the paper; the sequence goes through two LSTMs both ways, each with a linear layer behind it."""
    layers: list[nn.Module] = []
    channels = (1, 64, 128, 256, 256, 512, 512, 512)
    for number, (before, after) in enumerate(pairwise(channels)):
        layers.append(nn.Conv2d(before, after, 2 if number == 6 else 3))
        if number in (4, 5):
            layers.append(nn.BatchNorm2d(after))
    for before, after in ((512, 256), (256, 37)):
        layers += [nn.LSTM(before, 256, bidirectional=True), nn.Linear(512, after)]
    return nn.Sequential(*layers)


def dcgan() -> nn.Module:
    """Generator and Discriminator of PyTorch's tutorial on DCGAN."""

    def up(before: int, after: int, stride: int = 2) -> nn.Module:
        return nn.ConvTranspose2d(before, after, 4, stride, int(stride > 1), bias=False)

    def down(before: int, after: int) -> nn.Module:
        return nn.Conv2d(before, after, 4, 2, 1, bias=False)

    generator = nn.Sequential(
        *(up(100, 512, 1), nn.BatchNorm2d(512), up(512, 256), nn.BatchNorm2d(256)),
        *(up(256, 128), nn.BatchNorm2d(128), up(128, 64), nn.BatchNorm2d(64), up(64, 3)),
    )
    discriminator = nn.Sequential(
        *(down(3, 64), down(64, 128), nn.BatchNorm2d(128), down(128, 256), nn.BatchNorm2d(256)),
        *(down(256, 512), nn.BatchNorm2d(512), nn.Conv2d(512, 1, 4, bias=False)),
    )
    return Owning(generator=generator, discriminator=discriminator)


def two_tower() -> nn.Module:
    """A tower for the user and the films seen, a tower for a film and its genres; one table of films."""

    def tower(features: int) -> nn.Module:
        return nn.Sequential(*(nn.Linear(*sizes) for sizes in pairwise((features, 256, 128, 64))))

    return Owning(
        users=nn.Embedding(6040, 64),
        films=nn.Embedding(3706, 64),
        user_tower=tower(64 + 64),
        film_tower=tower(64 + 18),
    )


def tabular() -> nn.Module:
    """A table for each column of categories, with as many features as fastai's `emb_sz_rule` gives it."""
    rows = (10, 17, 8, 16, 7, 6, 3, 43)
    widths = [min(600, round(1.6 * number**0.56)) for number in rows]
    layers: list[nn.Module] = []
    for before, after in pairwise((sum(widths) + 6, 200, 100)):
        layers += [linear(before, after), nn.BatchNorm1d(after)]
    return Owning(
        embeds=nn.ModuleList(nn.Embedding(*sizes) for sizes in zip(rows, widths, strict=True)),
        bn_cont=nn.BatchNorm1d(6),
        layers=nn.Sequential(*layers, nn.Linear(100, 2)),
    )


def diffusion_block() -> nn.Module:
    """ResnetBlock2D(320, 320) and Transformer2DModel(8, 40, 320) of diffusers, for prompts of 768 features."""
    residual = Owning(
        norm1=nn.GroupNorm(32, 320),
        conv1=nn.Conv2d(320, 320, 3, padding=1),
        time_emb_proj=nn.Linear(1280, 320),
        norm2=nn.GroupNorm(32, 320),
        conv2=nn.Conv2d(320, 320, 3, padding=1),
    )

    def attention(features: int) -> nn.Module:
        return Owning(
            to_q=linear(320, 320), to_k=linear(features, 320), to_v=linear(features, 320), to_out=nn.Linear(320, 320)
        )

    transformer = Owning(
        norm=nn.GroupNorm(32, 320),
        proj_in=nn.Conv2d(320, 320, 1),
        norm1=nn.LayerNorm(320),
        attn1=attention(320),
        norm2=nn.LayerNorm(320),
        attn2=attention(768),
        norm3=nn.LayerNorm(320),
        # GEGLU, its two halves as two layers
        value=nn.Linear(320, 1280),
        gate=nn.Linear(320, 1280),
        out=nn.Linear(1280, 320),
        proj_out=nn.Conv2d(320, 320, 1),
    )
    return Owning(residual=residual, transformer=transformer)


def whisper_tiny() -> nn.Module:
    """WhisperForConditionalGeneration of transformers, the output projection tied to the embedding of tokens."""

    def attention() -> nn.Module:
        sides = {name: nn.Linear(384, 384) for name in ("q_proj", "v_proj", "out_proj")}
        return Owning(k_proj=linear(384, 384), **sides)

    def layer(attentions: int) -> nn.Module:
        return Owning(
            attentions=several(attentions, attention),
            norms=several(attentions + 1, lambda: nn.LayerNorm(384)),
            fc1=nn.Linear(384, 1536),
            fc2=nn.Linear(1536, 384),
        )

    encoder = Owning(
        conv1=nn.Conv1d(80, 384, 3, padding=1),
        conv2=nn.Conv1d(384, 384, 3, stride=2, padding=1),
        embed_positions=nn.Embedding(1500, 384),
        layers=several(4, lambda: layer(1)),
        layer_norm=nn.LayerNorm(384),
    )
    decoder = Owning(
        embed_tokens=nn.Embedding(51865, 384),
        embed_positions=nn.Embedding(448, 384),
        layers=several(4, lambda: layer(2)),
        layer_norm=nn.LayerNorm(384),
    )
    return Owning(encoder=encoder, decoder=decoder)


#: The module of each spec, by its name.
NETWORKS: dict[str, Callable[[], nn.Module]] = {
    make.__name__: make
    for make in (
        *(mixtral_8x7b, vit_b16, mlp_mixer_b16, convnext_t, t5_small, mamba_130m, u_net, dlrm, crnn, dcgan),
        *(two_tower, tabular, diffusion_block, whisper_tiny),
    )
}
