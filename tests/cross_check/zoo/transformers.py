"""Transformers, as different people write them."""

import math
from dataclasses import dataclass, field
from typing import Optional

import torch
import torch.nn.functional as F
from torch import nn

from tests.cross_check.constructors import Case

# --- A small GPT with a dataclass, a ModuleDict and a tied head -------------------------


@dataclass
class GPTConfig:
    block_size: int = 1024
    vocab_size: int = 50304
    n_layer: int = 12
    n_head: int = 12
    n_embd: int = 768
    dropout: float = 0.0
    bias: bool = True


class LayerNorm(nn.Module):
    def __init__(self, ndim, bias):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(ndim))
        self.bias = nn.Parameter(torch.zeros(ndim)) if bias else None

    def forward(self, x):
        return F.layer_norm(x, self.weight.shape, self.weight, self.bias, 1e-5)


class CausalSelfAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        assert config.n_embd % config.n_head == 0
        self.c_attn = nn.Linear(config.n_embd, 3 * config.n_embd, bias=config.bias)
        self.c_proj = nn.Linear(config.n_embd, config.n_embd, bias=config.bias)
        self.n_head = config.n_head
        mask = torch.tril(torch.ones(config.block_size, config.block_size))
        self.register_buffer("bias", mask.view(1, 1, config.block_size, config.block_size), persistent=False)


class GPTBlock(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.ln_1 = LayerNorm(config.n_embd, bias=config.bias)
        self.attn = CausalSelfAttention(config)
        self.ln_2 = LayerNorm(config.n_embd, bias=config.bias)
        self.mlp = nn.ModuleDict(
            dict(
                c_fc=nn.Linear(config.n_embd, 4 * config.n_embd, bias=config.bias),
                c_proj=nn.Linear(4 * config.n_embd, config.n_embd, bias=config.bias),
                act=nn.GELU(),
            )
        )


class NanoGPT(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.transformer = nn.ModuleDict(
            dict(
                wte=nn.Embedding(config.vocab_size, config.n_embd),
                wpe=nn.Embedding(config.block_size, config.n_embd),
                drop=nn.Dropout(config.dropout),
                h=nn.ModuleList([GPTBlock(config) for _ in range(config.n_layer)]),
                ln_f=LayerNorm(config.n_embd, bias=config.bias),
            )
        )
        self.lm_head = nn.Linear(config.n_embd, config.vocab_size, bias=False)
        self.transformer.wte.weight = self.lm_head.weight
        for name, p in self.named_parameters():
            if name.endswith("c_proj.weight"):
                nn.init.normal_(p, mean=0.0, std=0.02 / math.sqrt(2 * config.n_layer))


# --- A Llama with optional arguments and its rounding -----------------------------------


@dataclass
class ModelArgs:
    dim: int = 512
    n_layers: int = 8
    n_heads: int = 8
    n_kv_heads: Optional[int] = None
    vocab_size: int = 32000
    multiple_of: int = 256
    ffn_dim_multiplier: Optional[float] = None
    norm_eps: float = 1e-5
    max_seq_len: int = 2048


class RMSNorm(torch.nn.Module):
    def __init__(self, dim, eps=1e-6):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(dim))


class LlamaAttention(nn.Module):
    def __init__(self, args):
        super().__init__()
        self.n_kv_heads = args.n_heads if args.n_kv_heads is None else args.n_kv_heads
        self.n_rep = args.n_heads // self.n_kv_heads
        self.head_dim = args.dim // args.n_heads
        self.wq = nn.Linear(args.dim, args.n_heads * self.head_dim, bias=False)
        self.wk = nn.Linear(args.dim, self.n_kv_heads * self.head_dim, bias=False)
        self.wv = nn.Linear(args.dim, self.n_kv_heads * self.head_dim, bias=False)
        self.wo = nn.Linear(args.n_heads * self.head_dim, args.dim, bias=False)


class LlamaFeedForward(nn.Module):
    def __init__(self, dim, hidden_dim, multiple_of, ffn_dim_multiplier):
        super().__init__()
        hidden_dim = int(2 * hidden_dim / 3)
        if ffn_dim_multiplier is not None:
            hidden_dim = int(ffn_dim_multiplier * hidden_dim)
        hidden_dim = multiple_of * ((hidden_dim + multiple_of - 1) // multiple_of)
        self.w1 = nn.Linear(dim, hidden_dim, bias=False)
        self.w2 = nn.Linear(hidden_dim, dim, bias=False)
        self.w3 = nn.Linear(dim, hidden_dim, bias=False)


class LlamaLayer(nn.Module):
    def __init__(self, layer_id, args):
        super().__init__()
        self.layer_id = layer_id
        self.attention = LlamaAttention(args)
        self.feed_forward = LlamaFeedForward(args.dim, 4 * args.dim, args.multiple_of, args.ffn_dim_multiplier)
        self.attention_norm = RMSNorm(args.dim, eps=args.norm_eps)
        self.ffn_norm = RMSNorm(args.dim, eps=args.norm_eps)


def rotary(dim, end, theta=10000.0):
    freqs = 1.0 / (theta ** (torch.arange(0, dim, 2)[: (dim // 2)].float() / dim))
    freqs = torch.outer(torch.arange(end).float(), freqs)
    return torch.cos(freqs), torch.sin(freqs)


class LlamaModel(nn.Module):
    def __init__(self, params):
        super().__init__()
        self.tok_embeddings = nn.Embedding(params.vocab_size, params.dim)
        self.layers = torch.nn.ModuleList()
        for layer_id in range(params.n_layers):
            self.layers.append(LlamaLayer(layer_id, params))
        self.norm = RMSNorm(params.dim, eps=params.norm_eps)
        self.output = nn.Linear(params.dim, params.vocab_size, bias=False)
        cos, sin = rotary(params.dim // params.n_heads, params.max_seq_len)
        self.register_buffer("freqs_cos", cos, persistent=False)
        self.register_buffer("freqs_sin", sin, persistent=False)


# --- A ViT with `pair`, a head size of its own and lists of lists -----------------------


def pair(t):
    return t if isinstance(t, tuple) else (t, t)


class PreAttention(nn.Module):
    def __init__(self, dim, heads=8, dim_head=64, dropout=0.0):
        super().__init__()
        inner_dim = dim_head * heads
        project_out = not (heads == 1 and dim_head == dim)
        self.scale = dim_head**-0.5
        self.norm = nn.LayerNorm(dim)
        self.to_qkv = nn.Linear(dim, inner_dim * 3, bias=False)
        self.to_out = nn.Sequential(nn.Linear(inner_dim, dim), nn.Dropout(dropout)) if project_out else nn.Identity()


class PatchTransformer(nn.Module):
    def __init__(self, dim, depth, heads, dim_head, mlp_dim):
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.layers = nn.ModuleList([])
        for _ in range(depth):
            ff = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, mlp_dim), nn.GELU(), nn.Linear(mlp_dim, dim))
            self.layers.append(nn.ModuleList([PreAttention(dim, heads, dim_head), ff]))


class PatchViT(nn.Module):
    def __init__(self, *, image_size, patch_size, num_classes, dim, depth, heads, mlp_dim, channels=3, dim_head=64):
        super().__init__()
        image_height, image_width = pair(image_size)
        patch_height, patch_width = pair(patch_size)
        assert image_height % patch_height == 0 and image_width % patch_width == 0, "must be divisible"  # noqa: PT018
        num_patches = (image_height // patch_height) * (image_width // patch_width)
        patch_dim = channels * patch_height * patch_width
        self.to_patch_embedding = nn.Sequential(
            nn.Flatten(), nn.LayerNorm(patch_dim), nn.Linear(patch_dim, dim), nn.LayerNorm(dim)
        )
        self.pos_embedding = nn.Parameter(torch.randn(1, num_patches + 1, dim))
        self.cls_token = nn.Parameter(torch.randn(1, 1, dim))
        self.transformer = PatchTransformer(dim, depth, heads, dim_head, mlp_dim)
        self.mlp_head = nn.Linear(dim, num_classes)


# --- An encoder and a decoder, with a position bias in the first block alone ------------


class T5Attention(nn.Module):
    def __init__(self, d_model, d_kv, n_heads, has_bias, buckets=32):
        super().__init__()
        inner = n_heads * d_kv
        self.q = nn.Linear(d_model, inner, bias=False)
        self.k = nn.Linear(d_model, inner, bias=False)
        self.v = nn.Linear(d_model, inner, bias=False)
        self.o = nn.Linear(inner, d_model, bias=False)
        if has_bias:
            self.relative_attention_bias = nn.Embedding(buckets, n_heads)


class T5Block(nn.Module):
    def __init__(self, d_model, d_kv, d_ff, n_heads, is_decoder, first):
        super().__init__()
        self.layer = nn.ModuleList()
        self.layer.append(nn.ModuleDict({"att": T5Attention(d_model, d_kv, n_heads, first), "ln": RMSNorm(d_model)}))
        if is_decoder:
            self.layer.append(
                nn.ModuleDict({"att": T5Attention(d_model, d_kv, n_heads, False), "ln": RMSNorm(d_model)})
            )
        wi, wo = nn.Linear(d_model, d_ff, bias=False), nn.Linear(d_ff, d_model, bias=False)
        self.layer.append(nn.ModuleDict({"wi": wi, "wo": wo, "ln": RMSNorm(d_model)}))


class T5Stack(nn.Module):
    def __init__(self, embed, n, is_decoder, **sizes):
        super().__init__()
        self.embed_tokens = embed
        self.block = nn.ModuleList([T5Block(is_decoder=is_decoder, first=bool(i == 0), **sizes) for i in range(n)])
        self.final_layer_norm = RMSNorm(sizes["d_model"])


class T5(nn.Module):
    def __init__(
        self, vocab_size=32128, d_model=512, d_kv=64, d_ff=2048, num_layers=6, num_decoder_layers=6, n_heads=8
    ):
        super().__init__()
        sizes = dict(d_model=d_model, d_kv=d_kv, d_ff=d_ff, n_heads=n_heads)
        self.shared = nn.Embedding(vocab_size, d_model)
        self.encoder = T5Stack(self.shared, num_layers, False, **sizes)
        self.decoder = T5Stack(self.shared, num_decoder_layers, True, **sizes)
        self.lm_head = nn.Linear(d_model, vocab_size, bias=False)
        self.lm_head.weight = self.shared.weight


# --- BERT, with inheritance and heads ---------------------------------------------------


class BertEmbeddings(nn.Module):
    def __init__(self, vocab, hidden, max_len, types):
        super().__init__()
        self.word_embeddings = nn.Embedding(vocab, hidden, padding_idx=0)
        self.position_embeddings = nn.Embedding(max_len, hidden)
        self.token_type_embeddings = nn.Embedding(types, hidden)
        self.norm = nn.LayerNorm(hidden)
        self.register_buffer("position_ids", torch.arange(max_len).expand((1, -1)))


class BertLayer(nn.Module):
    def __init__(self, hidden, heads, inter):
        super().__init__()
        if hidden % heads != 0:
            raise ValueError("The hidden size (%d) is not a multiple of the heads (%d)" % (hidden, heads))
        self.query, self.key, self.value = (nn.Linear(hidden, heads * int(hidden / heads)) for _ in range(3))
        self.dense = nn.Linear(hidden, hidden)
        self.ln = nn.LayerNorm(hidden, eps=1e-12)
        self.intermediate = nn.Linear(hidden, inter)
        self.output = nn.Linear(inter, hidden)
        self.ln2 = nn.LayerNorm(hidden, eps=1e-12)


class Bert(nn.Module):
    def __init__(self, vocab=30522, hidden=768, layers=12, heads=12, inter=3072, max_len=512, types=2, pooled=True):
        super().__init__()
        self.embeddings = BertEmbeddings(vocab, hidden, max_len, types)
        self.encoder = nn.ModuleList([BertLayer(hidden, heads, inter) for _ in range(layers)])
        self.pooler = nn.Linear(hidden, hidden) if pooled else None


class BertForMaskedWords(Bert):
    def __init__(self, vocab=30522, hidden=768, **kw):
        super().__init__(vocab=vocab, hidden=hidden, pooled=False, **kw)
        self.transform = nn.Sequential(nn.Linear(hidden, hidden), nn.GELU(), nn.LayerNorm(hidden))
        self.decoder = nn.Linear(hidden, vocab, bias=True)
        self.decoder.weight = self.embeddings.word_embeddings.weight
        self.bias = self.decoder.bias


# --- Two towers with nested configurations ----------------------------------------------


@dataclass
class VisionCfg:
    layers: int = 12
    width: int = 768
    head_width: int = 64
    patch_size: int = 32
    image_size: int = 224
    mlp_ratio: float = 4.0


@dataclass
class TextCfg:
    context_length: int = 77
    vocab_size: int = 49408
    width: int = 512
    heads: int = 8
    layers: int = 12


@dataclass
class CLIPConfig:
    embed_dim: int = 512
    vision: VisionCfg = field(default_factory=VisionCfg)
    text: TextCfg = field(default_factory=TextCfg)


class ResidualAttentionBlock(nn.Module):
    def __init__(self, d_model, n_head, mlp_ratio=4.0):
        super().__init__()
        self.ln_1 = nn.LayerNorm(d_model)
        self.attn = nn.MultiheadAttention(d_model, n_head)
        self.ln_2 = nn.LayerNorm(d_model)
        mlp_width = int(d_model * mlp_ratio)
        self.mlp = nn.Sequential(nn.Linear(d_model, mlp_width), nn.GELU(), nn.Linear(mlp_width, d_model))


class CLIP(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        v, t = cfg.vision, cfg.text
        grid = v.image_size // v.patch_size
        scale = v.width**-0.5
        self.visual = nn.Module()
        self.visual.conv1 = nn.Conv2d(3, v.width, kernel_size=v.patch_size, stride=v.patch_size, bias=False)
        self.visual.class_embedding = nn.Parameter(scale * torch.randn(v.width))
        self.visual.positional_embedding = nn.Parameter(scale * torch.randn(grid**2 + 1, v.width))
        self.visual.ln_pre, self.visual.ln_post = nn.LayerNorm(v.width), nn.LayerNorm(v.width)
        heads = v.width // v.head_width
        self.visual.transformer = nn.Sequential(
            *[ResidualAttentionBlock(v.width, heads, v.mlp_ratio) for _ in range(v.layers)]
        )
        self.visual.proj = nn.Parameter(scale * torch.randn(v.width, cfg.embed_dim))
        self.transformer = nn.Sequential(*[ResidualAttentionBlock(t.width, t.heads) for _ in range(t.layers)])
        self.token_embedding = nn.Embedding(t.vocab_size, t.width)
        self.positional_embedding = nn.Parameter(torch.empty(t.context_length, t.width))
        self.ln_final = nn.LayerNorm(t.width)
        self.text_projection = nn.Parameter(torch.empty(t.width, cfg.embed_dim))
        self.logit_scale = nn.Parameter(torch.ones([]) * 2.6592)


# --- Speech: an encoder of spectrograms and a decoder of words --------------------------


class MHA(nn.Module):
    def __init__(self, n_state, n_head):
        super().__init__()
        self.n_head = n_head
        self.query, self.value, self.out = nn.Linear(n_state, n_state), nn.Linear(n_state, n_state), None
        self.key = nn.Linear(n_state, n_state, bias=False)
        self.out = nn.Linear(n_state, n_state)


class SpeechBlock(nn.Module):
    def __init__(self, n_state, n_head, cross_attention=False):
        super().__init__()
        self.attn, self.attn_ln = MHA(n_state, n_head), nn.LayerNorm(n_state)
        self.cross_attn = MHA(n_state, n_head) if cross_attention else None
        self.cross_attn_ln = nn.LayerNorm(n_state) if cross_attention else None
        n_mlp = n_state * 4
        self.mlp = nn.Sequential(nn.Linear(n_state, n_mlp), nn.GELU(), nn.Linear(n_mlp, n_state))
        self.mlp_ln = nn.LayerNorm(n_state)


def sinusoids(length, channels, max_timescale=10000):
    assert channels % 2 == 0
    steps = torch.arange(channels // 2) * (math.log(max_timescale) / (channels // 2 - 1))
    times = torch.arange(length)[:, None] * torch.exp(-steps)[None, :]
    return torch.cat([torch.sin(times), torch.cos(times)], dim=1)


class Whisper(nn.Module):
    def __init__(
        self, n_mels, n_audio_ctx, n_audio_state, n_audio_head, n_audio_layer, n_vocab, n_text_ctx, n_text_layer
    ):
        super().__init__()
        n = n_audio_state
        self.encoder, self.decoder = nn.Module(), nn.Module()
        self.encoder.conv1 = nn.Conv1d(n_mels, n, kernel_size=3, padding=1)
        self.encoder.conv2 = nn.Conv1d(n, n, kernel_size=3, stride=2, padding=1)
        self.encoder.register_buffer("positional_embedding", sinusoids(n_audio_ctx, n))
        self.encoder.blocks = nn.ModuleList([SpeechBlock(n, n_audio_head) for _ in range(n_audio_layer)])
        self.encoder.ln_post = nn.LayerNorm(n)
        self.decoder.token_embedding = nn.Embedding(n_vocab, n)
        self.decoder.positional_embedding = nn.Parameter(torch.empty(n_text_ctx, n))
        self.decoder.blocks = nn.ModuleList([SpeechBlock(n, n_audio_head, True) for _ in range(n_text_layer)])
        self.decoder.ln = nn.LayerNorm(n)
        mask = torch.empty(n_text_ctx, n_text_ctx).fill_(-torch.inf).triu_(1)
        self.decoder.register_buffer("mask", mask, persistent=False)


# --- Experts: the first layers dense, then shared and routed ones -----------------------


class SwiGLU(nn.Module):
    def __init__(self, dim, inter):
        super().__init__()
        self.gate_proj = nn.Linear(dim, inter, bias=False)
        self.up_proj = nn.Linear(dim, inter, bias=False)
        self.down_proj = nn.Linear(inter, dim, bias=False)


class RoutedExperts(nn.Module):
    def __init__(self, dim, inter, n_routed, n_shared, top_k):
        super().__init__()
        self.top_k = top_k
        self.gate = nn.Parameter(torch.empty(n_routed, dim))
        self.experts = nn.ModuleList([SwiGLU(dim, inter) for _ in range(n_routed)])
        if n_shared is not None:
            self.shared_experts = SwiGLU(dim, inter * n_shared)


class DeepMoE(nn.Module):
    def __init__(self, dim, n_layers, inter, moe_inter, n_routed, n_shared, top_k, first_dense, lora_rank, vocab):
        super().__init__()
        self.embed = nn.Embedding(vocab, dim)
        self.layers = nn.ModuleList()
        for layer in range(n_layers):
            block = nn.Module()
            block.q_a, block.q_norm = nn.Linear(dim, lora_rank, bias=False), RMSNorm(lora_rank)
            block.q_b = nn.Linear(lora_rank, dim, bias=False)
            is_moe = layer >= first_dense
            block.mlp = RoutedExperts(dim, moe_inter, n_routed, n_shared, top_k) if is_moe else SwiGLU(dim, inter)
            self.layers.append(block)
        self.head = nn.Linear(dim, vocab, bias=False)


# --- Local and global layers by turns ---------------------------------------------------


class Gemma(nn.Module):
    def __init__(self, hidden_size, num_layers, num_heads, kv_heads, head_dim, intermediate, vocab, sliding_every=6):
        super().__init__()
        self.embed_tokens = nn.Embedding(vocab, hidden_size)
        self.layers = nn.ModuleList()
        for index in range(num_layers):
            layer = nn.ModuleDict()
            layer["q_proj"] = nn.Linear(hidden_size, num_heads * head_dim, bias=False)
            layer["k_proj"] = nn.Linear(hidden_size, kv_heads * head_dim, bias=False)
            layer["v_proj"] = nn.Linear(hidden_size, kv_heads * head_dim, bias=False)
            layer["o_proj"] = nn.Linear(num_heads * head_dim, hidden_size, bias=False)
            layer["q_norm"], layer["k_norm"] = RMSNorm(head_dim), RMSNorm(head_dim)
            for part in ("input", "post_attention", "pre_feedforward", "post_feedforward"):
                layer[part + "_layernorm"] = RMSNorm(hidden_size)
            layer["mlp"] = SwiGLU(hidden_size, intermediate)
            layer.is_sliding = bool((index + 1) % sliding_every)
            self.layers.append(layer)
        self.norm = RMSNorm(hidden_size)
        self.lm_head = nn.Linear(hidden_size, vocab, bias=False)
        self.lm_head.weight = self.embed_tokens.weight


# --- Latents that look at an input ------------------------------------------------------


class Look(nn.Module):
    def __init__(self, query_dim, context_dim=None, heads=8, dim_head=64):
        super().__init__()
        inner_dim = dim_head * heads
        context_dim = query_dim if context_dim is None else context_dim
        self.to_q = nn.Linear(query_dim, inner_dim, bias=False)
        self.to_kv = nn.Linear(context_dim, inner_dim * 2, bias=False)
        self.to_out = nn.Linear(inner_dim, query_dim)


class GEGLUFeedForward(nn.Module):
    def __init__(self, dim, mult=4):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(dim, dim * mult * 2), nn.Identity(), nn.Linear(dim * mult, dim))


class Perceiver(nn.Module):
    def __init__(
        self, num_freq_bands, depth, input_channels=3, input_axis=2, num_latents=512, latent_dim=512, cross_heads=1,
        latent_heads=8, dim_head=64, num_classes=1000, self_per_cross_attn=2,
    ):  # fmt: skip
        super().__init__()
        fourier_channels = input_axis * ((num_freq_bands * 2) + 1)
        input_dim = fourier_channels + input_channels
        self.latents = nn.Parameter(torch.randn(num_latents, latent_dim))
        self.layers = nn.ModuleList([])
        for _ in range(depth):
            self_attns = nn.ModuleList([])
            for _ in range(self_per_cross_attn):
                self_attns.append(
                    nn.ModuleList(
                        [Look(latent_dim, heads=latent_heads, dim_head=dim_head), GEGLUFeedForward(latent_dim)]
                    )
                )
            cross = Look(latent_dim, input_dim, heads=cross_heads, dim_head=dim_head)
            self.layers.append(nn.ModuleList([cross, GEGLUFeedForward(latent_dim), self_attns]))
        self.to_logits = nn.Sequential(nn.LayerNorm(latent_dim), nn.Linear(latent_dim, num_classes))


# --- Windows, with tables and merging ---------------------------------------------------


class WindowAttention(nn.Module):
    def __init__(self, dim, window_size, num_heads):
        super().__init__()
        self.relative_position_bias_table = nn.Parameter(
            torch.zeros((2 * window_size[0] - 1) * (2 * window_size[1] - 1), num_heads)
        )
        coords = torch.stack(
            torch.meshgrid([torch.arange(window_size[0]), torch.arange(window_size[1])], indexing="ij")
        )
        flat = torch.flatten(coords, 1)
        self.register_buffer("relative_position_index", (flat[:, :, None] - flat[:, None, :]).sum(0))
        self.qkv = nn.Linear(dim, dim * 3, bias=True)
        self.proj = nn.Linear(dim, dim)


class SwinBlock(nn.Module):
    def __init__(self, dim, resolution, heads, window_size=7, shift_size=0, mlp_ratio=4.0):
        super().__init__()
        if min(resolution) <= window_size:
            shift_size, window_size = 0, min(resolution)
        self.norm1 = nn.LayerNorm(dim)
        self.attn = WindowAttention(dim, (window_size, window_size), heads)
        self.norm2 = nn.LayerNorm(dim)
        hidden = int(dim * mlp_ratio)
        self.mlp = nn.Sequential(nn.Linear(dim, hidden), nn.GELU(), nn.Linear(hidden, dim))


class SwinTransformer(nn.Module):
    def __init__(self, img_size, patch_size, embed_dim, depths, num_heads, window_size, num_classes):
        super().__init__()
        self.num_layers = len(depths)
        resolution = img_size // patch_size
        self.patch_embed = nn.Sequential(nn.Conv2d(3, embed_dim, patch_size, patch_size), nn.LayerNorm(embed_dim))
        self.layers = nn.ModuleList()
        for i in range(self.num_layers):
            dim = int(embed_dim * 2**i)
            size = resolution // 2**i
            stage = nn.Module()
            stage.blocks = nn.ModuleList(
                [
                    SwinBlock(dim, (size, size), num_heads[i], window_size, 0 if j % 2 == 0 else window_size // 2)
                    for j in range(depths[i])
                ]
            )
            if i < self.num_layers - 1:
                stage.downsample = nn.ModuleDict(
                    {"reduction": nn.Linear(4 * dim, 2 * dim, bias=False), "norm": nn.LayerNorm(4 * dim)}
                )
            self.layers.append(stage)
        self.num_features = int(embed_dim * 2 ** (self.num_layers - 1))
        self.norm = nn.LayerNorm(self.num_features)
        self.head = nn.Linear(self.num_features, num_classes) if num_classes > 0 else nn.Identity()


# --- A pyramid by lists -----------------------------------------------------------------


class MixTransformer(nn.Module):
    def __init__(self, embed_dims, num_heads, depths, sr_ratios, mlp_ratio=4, in_chans=3, num_classes=150):
        super().__init__()
        chans = in_chans
        for i, (dim, heads, depth, sr) in enumerate(zip(embed_dims, num_heads, depths, sr_ratios, strict=True)):
            assert dim % heads == 0, f"dim {dim} should be divided by num_heads {heads}."
            k = 7 if i == 0 else 3
            setattr(self, f"patch_embed{i + 1}", nn.Conv2d(chans, dim, k, 4 if i == 0 else 2, k // 2))
            blocks = []
            for _ in range(depth):
                block = nn.Module()
                block.norm1, block.q = nn.LayerNorm(dim), nn.Linear(dim, dim)
                block.kv, block.proj = nn.Linear(dim, 2 * dim), nn.Linear(dim, dim)
                if sr > 1:
                    block.sr, block.norm = nn.Conv2d(dim, dim, kernel_size=sr, stride=sr), nn.LayerNorm(dim)
                block.norm2, block.fc1 = nn.LayerNorm(dim), nn.Linear(dim, dim * mlp_ratio)
                block.dwconv = nn.Conv2d(dim * mlp_ratio, dim * mlp_ratio, 3, 1, 1, groups=dim * mlp_ratio)
                block.fc2 = nn.Linear(dim * mlp_ratio, dim)
                blocks.append(block)
            setattr(self, f"block{i + 1}", nn.ModuleList(blocks))
            setattr(self, f"norm{i + 1}", nn.LayerNorm(dim))
            chans = dim
        self.linear_c = nn.ModuleList([nn.Linear(d, 256) for d in embed_dims])
        self.fuse = nn.Conv2d(256 * len(embed_dims), 256, 1)
        self.pred = nn.Conv2d(256, num_classes, 1)


# --- Mixers -----------------------------------------------------------------------------


class PreNormResidual(nn.Module):
    def __init__(self, dim, fn):
        super().__init__()
        self.fn = fn
        self.norm = nn.LayerNorm(dim)


def mixer(image_size, channels, patch_size, dim, depth, num_classes, expansion_factor=4, expansion_factor_token=0.5):
    assert (image_size % patch_size) == 0, "image must be divisible by patch size"
    num_patches = (image_size // patch_size) ** 2

    def feed(dim, factor, dense):
        inner = int(dim * factor)
        return nn.Sequential(dense(dim, inner), nn.GELU(), nn.Dropout(0.0), dense(inner, dim))

    def chan_first(a, b):
        return nn.Conv1d(a, b, kernel_size=1)

    return nn.Sequential(
        nn.Linear((patch_size**2) * channels, dim),
        *[
            nn.Sequential(
                PreNormResidual(dim, feed(num_patches, expansion_factor, chan_first)),
                PreNormResidual(dim, feed(dim, expansion_factor_token, nn.Linear)),
            )
            for _ in range(depth)
        ],
        nn.LayerNorm(dim),
        nn.Linear(dim, num_classes),
    )


# --- Diffusion, with modulation ---------------------------------------------------------


class DiTBlock(nn.Module):
    def __init__(self, hidden_size, num_heads, mlp_ratio=4.0):
        super().__init__()
        assert hidden_size % num_heads == 0
        self.norm1 = nn.LayerNorm(hidden_size, elementwise_affine=False, eps=1e-6)
        self.qkv, self.proj = nn.Linear(hidden_size, hidden_size * 3), nn.Linear(hidden_size, hidden_size)
        mlp_hidden_dim = int(hidden_size * mlp_ratio)
        self.mlp = nn.Sequential(nn.Linear(hidden_size, mlp_hidden_dim), nn.Linear(mlp_hidden_dim, hidden_size))
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(hidden_size, 6 * hidden_size, bias=True))


class DiT(nn.Module):
    def __init__(
        self,
        input_size=32,
        patch_size=2,
        in_channels=4,
        hidden_size=1152,
        depth=28,
        num_heads=16,
        num_classes=1000,
        learn_sigma=True,
    ):
        super().__init__()
        out_channels = in_channels * 2 if learn_sigma else in_channels
        self.x_embedder = nn.Conv2d(in_channels, hidden_size, patch_size, stride=patch_size)
        self.t_embedder = nn.Sequential(nn.Linear(256, hidden_size), nn.SiLU(), nn.Linear(hidden_size, hidden_size))
        self.y_embedder = nn.Embedding(num_classes + 1, hidden_size)
        num_patches = (input_size // patch_size) ** 2
        self.pos_embed = nn.Parameter(torch.zeros(1, num_patches, hidden_size), requires_grad=False)
        self.blocks = nn.ModuleList([DiTBlock(hidden_size, num_heads) for _ in range(depth)])
        self.final = nn.Module()
        self.final.linear = nn.Linear(hidden_size, patch_size * patch_size * out_channels, bias=True)
        self.final.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(hidden_size, 2 * hidden_size, bias=True))


# --- Speech again: attention and convolution --------------------------------------------


class Conformer(nn.Module):
    def __init__(self, input_dim=80, encoder_dim=512, num_layers=17, heads=8, expansion=4, kernel=31, vocab=1000):
        super().__init__()
        if kernel % 2 == 0:
            raise ValueError("kernel must be odd")
        sub = (((input_dim - 1) // 2) - 1) // 2
        self.subsample = nn.Sequential(
            nn.Conv2d(1, encoder_dim, 3, 2), nn.ReLU(), nn.Conv2d(encoder_dim, encoder_dim, 3, 2), nn.ReLU()
        )
        self.input_projection = nn.Linear(encoder_dim * sub, encoder_dim)

        def half():
            return nn.Sequential(
                nn.LayerNorm(encoder_dim),
                nn.Linear(encoder_dim, encoder_dim * expansion),
                nn.SiLU(),
                nn.Linear(encoder_dim * expansion, encoder_dim),
            )

        def conv():
            return nn.Sequential(
                nn.LayerNorm(encoder_dim),
                nn.Conv1d(encoder_dim, 2 * encoder_dim, 1),
                nn.GLU(1),
                nn.Conv1d(encoder_dim, encoder_dim, kernel, groups=encoder_dim, padding=(kernel - 1) // 2),
                nn.BatchNorm1d(encoder_dim),
                nn.Conv1d(encoder_dim, encoder_dim, 1),
            )

        def attention():
            m = nn.Module()
            m.norm, m.pos = nn.LayerNorm(encoder_dim), nn.Linear(encoder_dim, encoder_dim, bias=False)
            m.qkv = nn.ModuleList(nn.Linear(encoder_dim, encoder_dim) for _ in range(4))
            m.u_bias = nn.Parameter(torch.Tensor(heads, encoder_dim // heads))
            m.v_bias = nn.Parameter(torch.Tensor(heads, encoder_dim // heads))
            return m

        self.layers = nn.ModuleList(
            [nn.Sequential(half(), attention(), conv(), half(), nn.LayerNorm(encoder_dim)) for _ in range(num_layers)]
        )
        self.fc = nn.Linear(encoder_dim, vocab)


# --- Tables of categories ---------------------------------------------------------------


class TabTransformer(nn.Module):
    def __init__(self, *, categories, num_continuous, dim, depth, heads, dim_out=1, mlp_hidden_mults=(4, 2), special=2):
        super().__init__()
        assert all(map(lambda n: n > 0, categories)), "number of each category must be positive"  # noqa: C417
        self.num_categories = len(categories)
        self.num_unique_categories = sum(categories)
        total_tokens = self.num_unique_categories + special
        offset = F.pad(torch.tensor(list(categories)), (1, 0), value=special).cumsum(dim=-1)[:-1]
        self.register_buffer("categories_offset", offset)
        self.norm = nn.LayerNorm(num_continuous)
        self.embeds = nn.Embedding(total_tokens, dim)
        layer = nn.TransformerEncoderLayer(dim, heads, 4 * dim, batch_first=True)
        self.transformer = nn.TransformerEncoder(layer, depth)
        input_size = (dim * self.num_categories) + num_continuous
        hidden = [input_size * m for m in mlp_hidden_mults]
        all_dims = [input_size, *hidden, dim_out]
        layers = []
        for a, b in zip(all_dims[:-1], all_dims[1:], strict=True):
            layers.extend([nn.Linear(a, b), nn.ReLU()])
        self.mlp = nn.Sequential(*layers[:-1])


# --- Without attention ------------------------------------------------------------------


class RWKV(nn.Module):
    def __init__(self, vocab_size, n_layer, n_embd, head_size=64, lora=64):
        super().__init__()
        assert n_embd % head_size == 0
        n_head = n_embd // head_size
        dim_ffn = int((n_embd * 3.5) // 32 * 32)
        self.emb = nn.Embedding(vocab_size, n_embd)
        self.blocks = nn.ModuleList()
        for i in range(n_layer):
            b = nn.Module()
            if i == 0:
                b.ln0 = nn.LayerNorm(n_embd)
            b.ln1, b.ln2 = nn.LayerNorm(n_embd), nn.LayerNorm(n_embd)
            b.time_mix = nn.ParameterDict({k: nn.Parameter(torch.zeros(1, 1, n_embd)) for k in "rkvwg"})
            b.time_decay_w1 = nn.Parameter(torch.zeros(n_embd, lora))
            b.time_decay_w2 = nn.Parameter(torch.zeros(lora, n_embd))
            b.time_faaaa = nn.Parameter(torch.zeros(n_head, head_size))
            for name in ("receptance", "key", "value", "gate", "output"):
                b.add_module(name, nn.Linear(n_embd, n_embd, bias=False))
            b.ln_x = nn.GroupNorm(n_head, n_embd)
            b.ffn_key = nn.Linear(n_embd, dim_ffn, bias=False)
            b.ffn_value = nn.Linear(dim_ffn, n_embd, bias=False)
            b.ffn_receptance = nn.Linear(n_embd, n_embd, bias=False)
            self.blocks.append(b)
        self.ln_out = nn.LayerNorm(n_embd)
        self.head = nn.Linear(n_embd, vocab_size, bias=False)


# --- PyTorch's own transformer ----------------------------------------------------------


class PositionalEncoding(nn.Module):
    def __init__(self, emb_size, maxlen=5000):
        super().__init__()
        den = torch.exp(-torch.arange(0, emb_size, 2) * math.log(10000) / emb_size)
        pos = torch.arange(0, maxlen).reshape(maxlen, 1)
        table = torch.zeros((maxlen, emb_size))
        table[:, 0::2] = torch.sin(pos * den)
        self.register_buffer("pos_embedding", table.unsqueeze(-2))


class Seq2SeqTransformer(nn.Module):
    def __init__(
        self,
        num_encoder_layers,
        num_decoder_layers,
        emb_size,
        nhead,
        src_vocab_size,
        tgt_vocab_size,
        dim_feedforward=512,
    ):
        super().__init__()
        self.transformer = nn.Transformer(
            d_model=emb_size,
            nhead=nhead,
            num_encoder_layers=num_encoder_layers,
            num_decoder_layers=num_decoder_layers,
            dim_feedforward=dim_feedforward,
        )
        self.generator = nn.Linear(emb_size, tgt_vocab_size)
        self.src_tok_emb = nn.Embedding(src_vocab_size, emb_size)
        self.tgt_tok_emb = nn.Embedding(tgt_vocab_size, emb_size)
        self.positional_encoding = PositionalEncoding(emb_size)


CASES = [
    Case(NanoGPT, {"config": GPTConfig()}),
    Case(LlamaModel, {"params": ModelArgs()}),
    Case(LlamaModel, {"params": ModelArgs(dim=8192, n_heads=64, n_kv_heads=8, n_layers=4, ffn_dim_multiplier=1.3)}),
    Case(
        PatchViT,
        {
            "image_size": 256,
            "patch_size": 32,
            "num_classes": 1000,
            "dim": 1024,
            "depth": 6,
            "heads": 16,
            "mlp_dim": 2048,
        },
    ),
    Case(
        T5,
        {
            "vocab_size": 32128,
            "d_model": 512,
            "d_kv": 64,
            "d_ff": 2048,
            "num_layers": 6,
            "num_decoder_layers": 6,
            "n_heads": 8,
        },
    ),
    Case(BertForMaskedWords, {"vocab": 30522, "hidden": 768, "layers": 12, "heads": 12, "inter": 3072, "max_len": 512}),
    Case(CLIP, {"cfg": CLIPConfig()}),
    Case(
        Whisper,
        {
            "n_mels": 80,
            "n_audio_ctx": 1500,
            "n_audio_state": 384,
            "n_audio_head": 6,
            "n_audio_layer": 4,
            "n_vocab": 51865,
            "n_text_ctx": 448,
            "n_text_layer": 4,
        },
    ),
    Case(
        DeepMoE,
        {
            "dim": 1024,
            "n_layers": 6,
            "inter": 2816,
            "moe_inter": 704,
            "n_routed": 16,
            "n_shared": 2,
            "top_k": 4,
            "first_dense": 1,
            "lora_rank": 256,
            "vocab": 32000,
        },
    ),
    Case(
        Gemma,
        {
            "hidden_size": 640,
            "num_layers": 8,
            "num_heads": 4,
            "kv_heads": 1,
            "head_dim": 256,
            "intermediate": 2048,
            "vocab": 262144,
        },
    ),
    Case(Perceiver, {"num_freq_bands": 6, "depth": 6, "num_latents": 256, "latent_dim": 512, "num_classes": 1000}),
    Case(
        SwinTransformer,
        {
            "img_size": 224,
            "patch_size": 4,
            "embed_dim": 96,
            "depths": [2, 2, 6, 2],
            "num_heads": [3, 6, 12, 24],
            "window_size": 7,
            "num_classes": 1000,
        },
    ),
    Case(
        MixTransformer,
        {
            "embed_dims": [32, 64, 160, 256],
            "num_heads": [1, 2, 5, 8],
            "depths": [2, 2, 2, 2],
            "sr_ratios": [8, 4, 2, 1],
        },
    ),
    Case(mixer, {"image_size": 256, "channels": 3, "patch_size": 16, "dim": 512, "depth": 12, "num_classes": 1000}),
    Case(DiT, {"input_size": 32, "patch_size": 2, "in_channels": 4, "hidden_size": 384, "depth": 12, "num_heads": 6}),
    Case(Conformer, {"input_dim": 80, "encoder_dim": 144, "num_layers": 16, "heads": 4, "kernel": 31, "vocab": 1000}),
    Case(TabTransformer, {"categories": (10, 5, 6, 5, 8), "num_continuous": 10, "dim": 32, "depth": 6, "heads": 8}),
    Case(RWKV, {"vocab_size": 65536, "n_layer": 12, "n_embd": 768, "head_size": 64}),
    Case(
        Seq2SeqTransformer,
        {
            "num_encoder_layers": 3,
            "num_decoder_layers": 3,
            "emb_size": 512,
            "nhead": 8,
            "src_vocab_size": 19214,
            "tgt_vocab_size": 10837,
            "dim_feedforward": 512,
        },
    ),
]
