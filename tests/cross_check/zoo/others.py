"""Recurrent networks, tables, graphs, agents and what wraps others, as different people write them."""

import copy
import math
from dataclasses import dataclass
from typing import Union

import torch
from torch import nn

from tests.cross_check.constructors import Case

# --- Sequences --------------------------------------------------------------------------


class Encoder(nn.Module):
    def __init__(self, input_dim, emb_dim, enc_hid_dim, dec_hid_dim, n_layers=1):
        super().__init__()
        self.embedding = nn.Embedding(input_dim, emb_dim)
        self.rnn = nn.GRU(emb_dim, enc_hid_dim, num_layers=n_layers, bidirectional=True)
        self.fc = nn.Linear(enc_hid_dim * 2, dec_hid_dim)


class Decoder(nn.Module):
    def __init__(self, output_dim, emb_dim, enc_hid_dim, dec_hid_dim):
        super().__init__()
        self.attn = nn.Linear((enc_hid_dim * 2) + dec_hid_dim, dec_hid_dim)
        self.v = nn.Linear(dec_hid_dim, 1, bias=False)
        self.embedding = nn.Embedding(output_dim, emb_dim)
        self.rnn = nn.GRU((enc_hid_dim * 2) + emb_dim, dec_hid_dim)
        self.fc_out = nn.Linear((enc_hid_dim * 2) + dec_hid_dim + emb_dim, output_dim)


class Seq2Seq(nn.Module):
    def __init__(self, vocabs, emb_dim, enc_hid_dim, dec_hid_dim, n_layers):
        super().__init__()
        self.encoder = Encoder(vocabs["source"], emb_dim, enc_hid_dim, dec_hid_dim, n_layers)
        self.decoder = Decoder(vocabs["target"], emb_dim, enc_hid_dim, dec_hid_dim)


class AWDLSTM(nn.Module):
    def __init__(self, ntoken, ninp, nhid, nlayers, tie_weights=True):
        super().__init__()
        self.encoder = nn.Embedding(ntoken, ninp)
        self.rnns = [
            nn.LSTM(ninp if l == 0 else nhid, nhid if l != nlayers - 1 else (ninp if tie_weights else nhid), 1)
            for l in range(nlayers)  # noqa: E741
        ]
        self.rnns = torch.nn.ModuleList(self.rnns)
        self.decoder = nn.Linear(nhid, ntoken)
        if tie_weights:
            self.decoder = nn.Linear(ninp, ntoken)
            self.decoder.weight = self.encoder.weight


class CharCNN(nn.Module):
    def __init__(self, n_chars, char_dim, filters, n_highway, projection):
        super().__init__()
        self.char_embedding = nn.Embedding(n_chars + 1, char_dim, padding_idx=0)
        for i, (width, num) in enumerate(filters):
            self.add_module(f"char_conv_{i}", nn.Conv1d(char_dim, num, kernel_size=width))
        n_filters = sum(f[1] for f in filters)
        self.highways = nn.ModuleList([nn.Linear(n_filters, n_filters * 2) for _ in range(n_highway)])
        self.projection = nn.Linear(n_filters, projection)


class TemporalBlock(nn.Module):
    def __init__(self, n_inputs, n_outputs, kernel_size, dilation):
        super().__init__()
        padding = (kernel_size - 1) * dilation
        self.conv1 = nn.utils.parametrizations.weight_norm(
            nn.Conv1d(n_inputs, n_outputs, kernel_size, padding=padding, dilation=dilation)
        )
        self.conv2 = nn.utils.parametrizations.weight_norm(
            nn.Conv1d(n_outputs, n_outputs, kernel_size, padding=padding, dilation=dilation)
        )
        self.downsample = nn.Conv1d(n_inputs, n_outputs, 1) if n_inputs != n_outputs else None


class TemporalConvNet(nn.Module):
    def __init__(self, num_inputs, num_channels, kernel_size=2, output=10):
        super().__init__()
        layers = []
        num_levels = len(num_channels)
        for i in range(num_levels):
            in_channels = num_inputs if i == 0 else num_channels[i - 1]
            layers += [TemporalBlock(in_channels, num_channels[i], kernel_size, 2**i)]
        self.network = nn.Sequential(*layers)
        self.linear = nn.Linear(num_channels[-1], output)


class WaveNet(nn.Module):
    def __init__(self, layers=10, blocks=4, dilation_channels=32, residual_channels=32, skip_channels=256, classes=256):
        super().__init__()
        self.filter_convs, self.gate_convs = nn.ModuleList(), nn.ModuleList()
        self.residual_convs, self.skip_convs = nn.ModuleList(), nn.ModuleList()
        self.start_conv = nn.Conv1d(classes, residual_channels, 1)
        for _ in range(blocks):
            dilation = 1
            for _ in range(layers):
                self.filter_convs.append(nn.Conv1d(residual_channels, dilation_channels, 2, dilation=dilation))
                self.gate_convs.append(nn.Conv1d(residual_channels, dilation_channels, 2, dilation=dilation))
                self.residual_convs.append(nn.Conv1d(dilation_channels, residual_channels, 1))
                self.skip_convs.append(nn.Conv1d(dilation_channels, skip_channels, 1))
                dilation *= 2
        self.end_conv_1 = nn.Conv1d(skip_channels, skip_channels, 1, bias=True)
        self.end_conv_2 = nn.Conv1d(skip_channels, classes, 1, bias=True)


@dataclass
class MambaArgs:
    d_model: int = 768
    n_layer: int = 24
    vocab_size: int = 50277
    d_state: int = 16
    expand: int = 2
    dt_rank: Union[int, str] = "auto"
    d_conv: int = 4
    pad_vocab_size_multiple: int = 8


class MambaBlock(nn.Module):
    def __init__(self, args):
        super().__init__()
        d_inner = int(args.expand * args.d_model)
        dt_rank = math.ceil(args.d_model / 16) if args.dt_rank == "auto" else args.dt_rank
        self.in_proj = nn.Linear(args.d_model, d_inner * 2, bias=False)
        self.conv1d = nn.Conv1d(d_inner, d_inner, args.d_conv, groups=d_inner, padding=args.d_conv - 1)
        self.x_proj = nn.Linear(d_inner, dt_rank + args.d_state * 2, bias=False)
        self.dt_proj = nn.Linear(dt_rank, d_inner, bias=True)
        a = torch.arange(1, args.d_state + 1).repeat(d_inner, 1)
        self.A_log = nn.Parameter(torch.log(a.float()))
        self.D = nn.Parameter(torch.ones(d_inner))
        self.out_proj = nn.Linear(d_inner, args.d_model, bias=False)


class MambaLM(nn.Module):
    def __init__(self, args):
        super().__init__()
        vocab = args.vocab_size
        if vocab % args.pad_vocab_size_multiple != 0:
            vocab += args.pad_vocab_size_multiple - vocab % args.pad_vocab_size_multiple
        self.embedding = nn.Embedding(vocab, args.d_model)
        self.layers = nn.ModuleList([MambaBlock(args) for _ in range(args.n_layer)])
        self.norm_f = nn.Parameter(torch.ones(args.d_model))
        self.lm_head = nn.Linear(args.d_model, vocab, bias=False)
        self.lm_head.weight = self.embedding.weight


class ConvLSTMCell(nn.Module):
    def __init__(self, input_dim, hidden_dim, kernel_size, bias):
        super().__init__()
        padding = kernel_size[0] // 2, kernel_size[1] // 2
        self.conv = nn.Conv2d(input_dim + hidden_dim, 4 * hidden_dim, kernel_size, padding=padding, bias=bias)


class ConvLSTM(nn.Module):
    def __init__(self, input_dim, hidden_dim, kernel_size, num_layers, bias=True):
        super().__init__()
        kernel_size = self._extend_for_multilayer((kernel_size, kernel_size), num_layers)
        hidden_dim = self._extend_for_multilayer(hidden_dim, num_layers)
        if not len(kernel_size) == len(hidden_dim) == num_layers:
            raise ValueError("Inconsistent list length.")
        cells = []
        for i in range(num_layers):
            cur = input_dim if i == 0 else hidden_dim[i - 1]
            cells.append(ConvLSTMCell(cur, hidden_dim[i], kernel_size[i], bias))
        self.cell_list = nn.ModuleList(cells)

    @staticmethod
    def _extend_for_multilayer(param, num_layers):
        return param if isinstance(param, list) else [param] * num_layers


class Prenet(nn.Module):
    def __init__(self, in_dim, sizes):
        super().__init__()
        in_sizes = [in_dim, *sizes[:-1]]
        self.layers = nn.ModuleList(
            [nn.Linear(in_size, out_size, bias=False) for (in_size, out_size) in zip(in_sizes, sizes, strict=True)]
        )


class Tacotron(nn.Module):
    def __init__(
        self,
        n_mel=80,
        n_symbols=148,
        emb=512,
        n_conv=3,
        prenet=(256, 256),
        attention_rnn=1024,
        postnet_n=5,
        postnet_dim=512,
    ):
        super().__init__()
        self.embedding = nn.Embedding(n_symbols, emb)
        convs = []
        for _ in range(n_conv):
            convs.append(nn.Sequential(nn.Conv1d(emb, emb, 5, padding=2), nn.BatchNorm1d(emb)))
        self.convolutions = nn.ModuleList(convs)
        self.lstm = nn.LSTM(emb, int(emb / 2), 1, batch_first=True, bidirectional=True)
        self.prenet = Prenet(n_mel, list(prenet))
        self.attention_rnn = nn.LSTMCell(prenet[-1] + emb, attention_rnn)
        self.postnet = nn.ModuleList()
        self.postnet.append(nn.Sequential(nn.Conv1d(n_mel, postnet_dim, 5), nn.BatchNorm1d(postnet_dim)))
        for _ in range(1, postnet_n - 1):
            self.postnet.append(nn.Sequential(nn.Conv1d(postnet_dim, postnet_dim, 5), nn.BatchNorm1d(postnet_dim)))
        self.postnet.append(nn.Sequential(nn.Conv1d(postnet_dim, n_mel, 5), nn.BatchNorm1d(n_mel)))


class CustomLSTM(nn.Module):
    def __init__(self, input_sz, hidden_sz):
        super().__init__()
        self.W = nn.Parameter(torch.Tensor(input_sz, hidden_sz * 4))
        self.U = nn.Parameter(torch.Tensor(hidden_sz, hidden_sz * 4))
        self.bias = nn.Parameter(torch.Tensor(hidden_sz * 4))
        stdv = 1.0 / math.sqrt(hidden_sz)
        for weight in self.parameters():
            weight.data.uniform_(-stdv, stdv)


# --- Tables and recommendations ---------------------------------------------------------


class DLRM(nn.Module):
    def __init__(self, m_spa, ln_emb, ln_bot, ln_top):
        super().__init__()
        self.emb_l = nn.ModuleList()
        for n in ln_emb:
            self.emb_l.append(nn.EmbeddingBag(n, m_spa, mode="sum", sparse=True))
        self.bot_l = self.create_mlp([*ln_bot, m_spa])
        num_fea = len(ln_emb) + 1
        num_int = (num_fea * (num_fea - 1)) // 2 + m_spa
        self.top_l = self.create_mlp([num_int, *ln_top])

    def create_mlp(self, ln):
        layers = nn.ModuleList()
        for i in range(0, len(ln) - 1):
            layers.append(nn.Linear(int(ln[i]), int(ln[i + 1]), bias=True))
            layers.append(nn.Sigmoid() if i == len(ln) - 2 else nn.ReLU())
        return torch.nn.Sequential(*layers)


class DeepFM(nn.Module):
    def __init__(self, field_dims, embed_dim, mlp_dims):
        super().__init__()
        self.linear = nn.Embedding(sum(field_dims), 1)
        self.bias = nn.Parameter(torch.zeros((1,)))
        self.embedding = nn.Embedding(sum(field_dims), embed_dim)
        self.embed_output_dim = input_dim = len(field_dims) * embed_dim
        layers = []
        for dim in mlp_dims:
            layers += [nn.Linear(input_dim, dim), nn.BatchNorm1d(dim), nn.ReLU(), nn.Dropout(p=0.2)]
            input_dim = dim
        layers.append(nn.Linear(input_dim, 1))
        self.mlp = nn.Sequential(*layers)


# --- Agents -----------------------------------------------------------------------------


def mlp(sizes, activation=nn.Tanh, output_activation=nn.Identity):
    layers = []
    for j in range(len(sizes) - 1):
        act = activation if j < len(sizes) - 2 else output_activation
        layers += [nn.Linear(sizes[j], sizes[j + 1]), act()]
    return nn.Sequential(*layers)


class ActorCritic(nn.Module):
    def __init__(self, obs_dim, act_dim, hidden_sizes=(256, 256)):
        super().__init__()
        self.pi = mlp([obs_dim, *list(hidden_sizes), act_dim])
        self.log_std = nn.Parameter(-0.5 * torch.ones(act_dim))
        self.q1 = mlp([obs_dim + act_dim, *list(hidden_sizes), 1])
        self.q2 = mlp([obs_dim + act_dim, *list(hidden_sizes), 1])
        self.target = copy.deepcopy(self.q1)
        for p in self.target.parameters():
            p.requires_grad = False


class DuelingDQN(nn.Module):
    def __init__(self, frames, n_actions, atoms=51, hidden=512):
        super().__init__()
        self.convs = nn.Sequential(nn.Conv2d(frames, 32, 8, 4), nn.ReLU(), nn.Conv2d(32, 64, 4, 2), nn.ReLU())
        with torch.no_grad():
            n = self.convs(torch.zeros(1, frames, 84, 84)).view(1, -1).size(1)
        self.fc_v = nn.Sequential(nn.Linear(n, hidden), nn.Linear(hidden, atoms))
        self.fc_a = nn.Sequential(nn.Linear(n, hidden), nn.Linear(hidden, n_actions * atoms))


# --- Graphs -----------------------------------------------------------------------------


class GATLayer(nn.Module):
    def __init__(self, in_features, out_features, n_heads, is_concat=True):
        super().__init__()
        if is_concat:
            assert out_features % n_heads == 0
            self.n_hidden = out_features // n_heads
        else:
            self.n_hidden = out_features
        self.linear = nn.Linear(in_features, self.n_hidden * n_heads, bias=False)
        self.attn = nn.Linear(self.n_hidden * 2, 1, bias=False)


class GAT(nn.Module):
    def __init__(self, in_features, n_hidden, n_classes, n_heads):
        super().__init__()
        self.layer1 = GATLayer(in_features, n_hidden, n_heads, is_concat=True)
        self.output = GATLayer(n_hidden, n_classes, 1, is_concat=False)


class GIN(nn.Module):
    def __init__(self, num_layers, num_mlp_layers, input_dim, hidden_dim, output_dim):
        super().__init__()
        self.eps = nn.Parameter(torch.zeros(num_layers - 1))
        self.mlps, self.batch_norms, self.predictions = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for layer in range(num_layers - 1):
            inp = input_dim if layer == 0 else hidden_dim
            linears = nn.ModuleList()
            for k in range(num_mlp_layers):
                linears.append(nn.Linear(inp if k == 0 else hidden_dim, hidden_dim))
            self.mlps.append(linears)
            self.batch_norms.append(nn.BatchNorm1d(hidden_dim))
        for layer in range(num_layers):
            self.predictions.append(nn.Linear(input_dim if layer == 0 else hidden_dim, output_dim))


# --- What wraps others ------------------------------------------------------------------


class LoRALinear(nn.Module):
    def __init__(self, linear, r, alpha):
        super().__init__()
        self.linear = linear
        self.scaling = alpha / r
        self.lora_A = nn.Linear(linear.in_features, r, bias=False)
        self.lora_B = nn.Linear(r, linear.out_features, bias=False)


def inject(model, targets, r, alpha):
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Linear) and name in targets:
                setattr(parent, name, LoRALinear(child, r, alpha))
    return model


def lora_transformer(width, depth, heads, r, alpha=16, vocab=1000):
    class Layer(nn.Module):
        def __init__(self):
            super().__init__()
            self.q_proj, self.k_proj = nn.Linear(width, width), nn.Linear(width, width // heads)
            self.v_proj, self.o_proj = nn.Linear(width, width // heads), nn.Linear(width, width)
            self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    model = nn.ModuleDict({"embed": nn.Embedding(vocab, width), "layers": nn.ModuleList(Layer() for _ in range(depth))})
    for p in model.parameters():
        p.requires_grad_(False)
    return inject(model, {"q_proj", "v_proj"}, r, alpha)


class PrefixTuning(nn.Module):
    def __init__(self, prefix_len, num_layers, width, hidden):
        super().__init__()
        self.embedding = nn.Embedding(prefix_len, width)
        self.trans = nn.Sequential(nn.Linear(width, hidden), nn.Tanh(), nn.Linear(hidden, num_layers * 2 * width))


class Momentum(nn.Module):
    def __init__(self, base_encoder, dim=128, k=65536, mlp_dim=2048):
        super().__init__()
        self.encoder_q = base_encoder(dim, mlp_dim)
        self.encoder_k = base_encoder(dim, mlp_dim)
        for param_q, param_k in zip(self.encoder_q.parameters(), self.encoder_k.parameters(), strict=True):
            param_k.data.copy_(param_q.data)
            param_k.requires_grad = False
        self.register_buffer("queue", nn.functional.normalize(torch.randn(dim, k), dim=0))
        self.register_buffer("queue_ptr", torch.zeros(1, dtype=torch.long))


def moco(dim, k, mlp_dim):
    def projector(dim, mlp_dim):
        return nn.Sequential(nn.Linear(512, mlp_dim), nn.BatchNorm1d(mlp_dim), nn.ReLU(), nn.Linear(mlp_dim, dim))

    return Momentum(projector, dim, k, mlp_dim)


class HyperNetwork(nn.Module):
    def __init__(self, f_size=3, z_dim=64, out_size=16, in_size=16, layers=3):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn((z_dim, out_size * f_size * f_size)) * 0.01)
        self.b1 = nn.Parameter(torch.zeros(out_size * f_size * f_size))
        self.w2 = nn.Parameter(torch.randn((z_dim, in_size * z_dim)) * 0.01)
        self.b2 = nn.Parameter(torch.zeros(in_size * z_dim))
        self.z_list = nn.ParameterList([nn.Parameter(torch.zeros(z_dim)) for _ in range(layers)])


# --- Others -----------------------------------------------------------------------------


class NeRF(nn.Module):
    def __init__(self, depth=8, width=256, freqs_xyz=10, freqs_dir=4, skips=(4,)):
        super().__init__()
        self.in_xyz = 3 + 3 * freqs_xyz * 2
        self.in_dir = 3 + 3 * freqs_dir * 2
        for i in range(depth):
            if i == 0:
                layer = nn.Linear(self.in_xyz, width)
            elif i in skips:
                layer = nn.Linear(width + self.in_xyz, width)
            else:
                layer = nn.Linear(width, width)
            setattr(self, f"xyz_encoding_{i + 1}", nn.Sequential(layer, nn.ReLU(True)))
        self.final = nn.Linear(width, width)
        self.dir_encoding = nn.Sequential(nn.Linear(width + self.in_dir, width // 2), nn.ReLU(True))
        self.sigma = nn.Linear(width, 1)
        self.rgb = nn.Sequential(nn.Linear(width // 2, 3), nn.Sigmoid())


class Siren(nn.Module):
    def __init__(self, in_features, hidden_features, hidden_layers, out_features, outermost_linear=False):
        super().__init__()
        self.net = []
        self.net.append(nn.Linear(in_features, hidden_features))
        for i in range(hidden_layers):
            self.net.append(nn.Linear(hidden_features, hidden_features))
        self.net.append(nn.Linear(hidden_features, out_features))
        self.net = nn.Sequential(*self.net)


class RealNVP(nn.Module):
    def __init__(self, n_flows, dim, hidden, n_hidden=2):
        super().__init__()
        self.s, self.t = nn.ModuleList(), nn.ModuleList()
        masks = torch.stack([(torch.arange(dim) + i) % 2 for i in range(n_flows)]).float()
        self.register_buffer("masks", masks)
        for nets in (self.s, self.t):
            for _ in range(n_flows):
                net = [nn.Linear(dim, hidden), nn.LeakyReLU()]
                for _ in range(n_hidden - 1):
                    net += [nn.Linear(hidden, hidden), nn.LeakyReLU()]
                nets.append(nn.Sequential(*net, nn.Linear(hidden, dim)))


class KANLinear(nn.Module):
    def __init__(self, in_features, out_features, grid_size=5, spline_order=3):
        super().__init__()
        h = 2 / grid_size
        grid = torch.arange(-spline_order, grid_size + spline_order + 1) * h
        self.register_buffer("grid", grid.expand(in_features, -1).contiguous())
        self.base_weight = nn.Parameter(torch.Tensor(out_features, in_features))
        self.spline_weight = nn.Parameter(torch.Tensor(out_features, in_features, grid_size + spline_order))
        self.spline_scaler = nn.Parameter(torch.Tensor(out_features, in_features))


class KAN(nn.Module):
    def __init__(self, layers_hidden, grid_size=5, spline_order=3):
        super().__init__()
        self.layers = torch.nn.ModuleList()
        for in_features, out_features in zip(layers_hidden, layers_hidden[1:]):  # noqa: B905
            self.layers.append(KANLinear(in_features, out_features, grid_size, spline_order))


class MixtureDensity(nn.Module):
    def __init__(self, in_dim, out_dim, n_gaussians, hidden=None, ensemble=5):
        super().__init__()
        hidden = hidden or 2 * in_dim
        self.members = nn.ModuleList()
        for _ in range(ensemble):
            self.members.append(
                nn.ModuleDict(
                    {
                        "body": nn.Linear(in_dim, hidden),
                        "pi": nn.Linear(hidden, n_gaussians),
                        "mu": nn.Linear(hidden, n_gaussians * out_dim),
                        "sigma": nn.Linear(hidden, n_gaussians * out_dim),
                    }
                )
            )


class MultiTask(nn.Module):
    def __init__(self, backbone_dims, tasks):
        super().__init__()
        self.backbone = mlp(backbone_dims)
        self.heads = nn.ModuleDict()
        for task in tasks:
            kind, size = task["name"], task["outputs"]
            self.heads[kind] = nn.Linear(backbone_dims[-1], size)


class Autoencoder(nn.Module):
    def __init__(self, dims, variational=True):
        super().__init__()
        *hidden, latent = dims
        enc = []
        for a, b in zip(hidden, hidden[1:]):  # noqa: B905
            enc += [nn.Linear(a, b), nn.ReLU()]
        self.encoder = nn.Sequential(*enc)
        self.head = nn.Linear(hidden[-1], 2 * latent if variational else latent)
        dec, back = [], list(reversed(dims))
        for a, b in zip(back, back[1:]):  # noqa: B905
            dec += [nn.Linear(a, b), nn.ReLU()]
        self.decoder = nn.Sequential(*dec[:-1])


CASES = [
    Case(
        Seq2Seq,
        {
            "vocabs": {"source": 7855, "target": 5893},
            "emb_dim": 256,
            "enc_hid_dim": 512,
            "dec_hid_dim": 512,
            "n_layers": 2,
        },
    ),
    Case(AWDLSTM, {"ntoken": 33278, "ninp": 400, "nhid": 1150, "nlayers": 3}),
    Case(
        CharCNN,
        {"n_chars": 261, "char_dim": 16, "filters": [[1, 32], [2, 32], [3, 64]], "n_highway": 2, "projection": 512},
    ),
    Case(TemporalConvNet, {"num_inputs": 1, "num_channels": [25, 25, 25, 25], "kernel_size": 7, "output": 10}),
    Case(WaveNet, {"layers": 10, "blocks": 4, "dilation_channels": 32, "residual_channels": 32, "skip_channels": 256}),
    Case(MambaLM, {"args": MambaArgs()}),
    Case(ConvLSTM, {"input_dim": 3, "hidden_dim": 64, "kernel_size": 3, "num_layers": 4}),
    Case(Tacotron, {"n_mel": 80, "n_symbols": 148, "emb": 512, "n_conv": 3, "prenet": [256, 256], "postnet_n": 5}),
    Case(CustomLSTM, {"input_sz": 100, "hidden_sz": 256}),
    Case(DLRM, {"m_spa": 64, "ln_emb": [1000, 500, 2000], "ln_bot": [13, 512, 256], "ln_top": [512, 256, 1]}),
    Case(DeepFM, {"field_dims": [1000, 20, 300], "embed_dim": 16, "mlp_dims": [64, 32]}),
    Case(ActorCritic, {"obs_dim": 17, "act_dim": 6, "hidden_sizes": [256, 256]}),
    Case(DuelingDQN, {"frames": 4, "n_actions": 18, "atoms": 51, "hidden": 512}),
    Case(GAT, {"in_features": 1433, "n_hidden": 64, "n_classes": 7, "n_heads": 8}),
    Case(GIN, {"num_layers": 5, "num_mlp_layers": 2, "input_dim": 7, "hidden_dim": 64, "output_dim": 2}),
    Case(lora_transformer, {"width": 768, "depth": 12, "heads": 12, "r": 8, "vocab": 32000}),
    Case(PrefixTuning, {"prefix_len": 20, "num_layers": 12, "width": 768, "hidden": 512}),
    Case(moco, {"dim": 128, "k": 4096, "mlp_dim": 2048}),
    Case(HyperNetwork, {"f_size": 3, "z_dim": 64, "out_size": 16, "in_size": 16, "layers": 3}),
    Case(NeRF, {"depth": 8, "width": 256, "freqs_xyz": 10, "freqs_dir": 4}),
    Case(Siren, {"in_features": 2, "hidden_features": 256, "hidden_layers": 3, "out_features": 1}),
    Case(RealNVP, {"n_flows": 6, "dim": 2, "hidden": 256, "n_hidden": 2}),
    Case(KAN, {"layers_hidden": [784, 64, 10], "grid_size": 5, "spline_order": 3}),
    Case(MixtureDensity, {"in_dim": 30, "out_dim": 4, "n_gaussians": 8, "ensemble": 5}),
    Case(
        MultiTask,
        {"backbone_dims": [512, 256, 128], "tasks": [{"name": "age", "outputs": 1}, {"name": "sex", "outputs": 2}]},
    ),
    Case(Autoencoder, {"dims": [784, 512, 128, 16]}),
]
