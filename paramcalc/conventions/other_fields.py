"""What people call a field that has another name in a spec.

The arguments of the frameworks' own classes are read from the tables beside this module. These are the names of
Hugging Face's configurations, of papers, and of classes that the layer type is not.
"""

from __future__ import annotations

#: Names that mean the same, and the fields that they may be: the first that the layer type has.
FIELDS = {
    "out_features output_size n_out nout out_dim output_features num_outputs neurons n_neurons num_units"
    " n_units size width hidden_size hidden_dim hidden_units n_hidden hidden nb_units out":
        "units filters output_dim",
    "out_channels num_filters n_filters nb_filter nb_filters channels out_planes features": "filters units",
    "embedding_dim embed_dim embedding_size emb_dim emb_size dim d_model n_embd hidden_size model_dim"
    " output_size":
        "output_dim",
    "num_embeddings vocab_size vocabulary vocabulary_size n_vocab num_tokens n_tokens vocab input_size":
        "input_dim max_tokens num_tokens",
    "kernel filter_size ksize kernel_dim window window_size size pool_length": "kernel_size pool_size size",
    "stride subsample subsample_length hop": "strides",
    "dilation dilations atrous_rate rate": "dilation_rate",
    "pad border_mode": "padding",
    "bias has_bias with_bias use_biases": "use_bias center",
    "affine elementwise_affine": "scale",
    "num_attention_heads n_head n_heads heads nhead nb_head nb_heads": "num_heads",
    "num_kv_heads n_kv_heads num_key_value_head kv_heads num_groups": "num_key_value_heads groups",
    "head_dim head_size dim_head d_k d_head size_per_head": "key_dim",
    "d_v vdim": "value_dim",
    "intermediate_size d_ff dff ffn_dim n_inner mlp_dim inner_dim feedforward_dim ff_dim": "dim_feedforward",
    "n_layers n_layer depth num_hidden_layers layers": "num_layers",
    "p prob drop_prob drop_rate dropout dropout_rate dropout_prob keep_prob": "rate",
    "act act_fn act_layer activation_fn activation_function hidden_act nonlinearity function func": "activation",
    "shape new_shape output_shape dims sizes target_size": "target_shape",
    "dim axes": "axis",
    "inner cell_layer wrapped base_layer module": "layer",
    "num_channels_per_group n_groups group cardinality": "groups",
    "scale_factor factor upscale": "size",
}  # fmt: skip

_FROM_INPUT = "it follows from the layer before: leave it out"
_CHANGES_NOTHING = "no size depends on it: leave it out"
_OF_INPUT = "the length of the sequence is that of the input: Input: {shape: [length, features]}"
_OF_BATCH = "a spec leaves the batch out"
_DROPOUT = "no size depends on it: leave it out, or put Dropout: {rate: 0.1} behind the layer"
_NORMALISATION = "it is a layer type of its own, behind this one: BatchNorm, LayerNorm"

#: Names for which there is no field, and why.
NO_FIELDS = {
    "in_features in_channels in_dim in_planes input_size input_dim input_shape num_features num_channels"
    " num_input_channels n_in nin normalized_shape embed_dim d_model hidden_size n_embd model_dim kdim vdim"
    " input_features batch_input_shape build_config": _FROM_INPUT,
    "eps epsilon momentum layer_norm_eps layer_norm_epsilon rms_norm_eps decay alpha beta seed init initializer"
    " kernel_init weight_init init_std initializer_range device batch_first inplace align_corners requires_grad"
    " regularizer l1 l2 weight_decay": _CHANGES_NOTHING,
    "dropout dropout_rate p prob drop_prob drop_rate attention_dropout attn_dropout dropout_prob hidden_dropout_prob"
    " attention_probs_dropout_prob": _DROPOUT,
    "norm norm_layer normalization batch_norm bn use_bn layer_norm": _NORMALISATION,
    "seq_len sequence_length max_length max_len input_length max_position_embeddings n_positions block_size"
    " context_length n_ctx length timesteps": _OF_INPUT,
    "batch_size batch batch_shape": _OF_BATCH,
}  # fmt: skip

#: What is to be known of one field beside this, by layer type.
NOTES = {
    ("MultiHeadAttention", "embed_dim d_model hidden_size dim n_embd"): "key_dim is the size of one head, as a rule"
    " that of the input divided by num_heads",
    ("Bidirectional", "units filters hidden_size"): "it is a field of the layer within: layer: {LSTM: {units: 64}}",
    ("TimeDistributed", "units filters"): "it is a field of the layer within: layer: {Dense: {units: 64}}",
    ("DepthwiseConv1D DepthwiseConv2D", "filters out_channels"): "the output has depth_multiplier channels for each of"
    " the input",
    ("Flatten", "axis"): "write start_dim and end_dim",
}
