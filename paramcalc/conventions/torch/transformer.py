"""PyTorch: transformer."""

from paramcalc.conventions import Equivalent

_COMMON = {
    "dim_feedforward": "dim_feedforward",
    "activation": "activation",
    "norm_first": "norm_first",
    "bias": "use_bias",
    "batch_first": "true",
}
_LAYER = {"d_model": "size(-1)", "nhead": "num_heads"} | _COMMON
_PARTS_OF_LAYER = {
    "self_attention": "self_attn",
    "cross_attention": "multihead_attn",
    "linear_*": "linear*",
    "norm_*": "norm*",
}
_STACK = {"num_layers": "num_layers", "norm": "norm"}
_PARTS_OF_STACK = {"layer_*": "layers.*"}

EQUIVALENTS = {
    "TransformerEncoderLayer": (Equivalent("torch.nn.TransformerEncoderLayer", _LAYER, parts=_PARTS_OF_LAYER),),
    "TransformerDecoderLayer": (Equivalent("torch.nn.TransformerDecoderLayer", _LAYER, parts=_PARTS_OF_LAYER),),
    "TransformerEncoder": (
        Equivalent(
            "torch.nn.TransformerEncoder",
            {"encoder_layer": "layer_0", "enable_nested_tensor": "false"} | _STACK,
            parts=_PARTS_OF_STACK,
        ),
    ),
    "TransformerDecoder": (
        Equivalent("torch.nn.TransformerDecoder", {"decoder_layer": "layer_0"} | _STACK, parts=_PARTS_OF_STACK),
    ),
    "Transformer": (
        Equivalent(
            "torch.nn.Transformer",
            {
                **_LAYER,
                "num_encoder_layers": "num_encoder_layers",
                "num_decoder_layers": "num_decoder_layers",
                "custom_encoder": "custom_encoder",
                "custom_decoder": "custom_decoder",
            },
        ),
    ),
}
