"""What people call a layer that is written otherwise in a spec, and how it is written.

The names of the frameworks' own classes are not here: they stand in the tables beside this module. These are names of
older versions, of papers, of Hugging Face and of everyday speech. Letters count alike, small or capital, and `_`, `-`
and spaces do not count.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple


class Answer(NamedTuple):
    """How to write what has another name."""

    #: a node of a spec, with sizes for an example; empty where there is nothing to write
    node: str = ""
    #: what else is to be known
    note: str = ""

    def __str__(self) -> str:
        return "; ".join(part for part in (self.node and f"write {self.node}", self.note) if part)


_ACTIVATION = "or as a field of the layer before: activation: relu"
_NOTHING_LEARNED = "it owns no parameters, and keeps the shape: leave it out"
_LOSS = "a loss is no part of the network: leave it out"
_ATTENDS = "a layer with one input attends to itself"
_FEWER_HEADS = "num_key_value_heads is how many heads of key and value there are"
_SIZES = "units is the size of the output; that of the input follows from the layer before"
_OF_A_SPEC = "a spec names no more than sizes; the values of tensors are not in it"

#: One or more names that mean the same, and the answer.
ANSWERS: dict[str, Answer] = {
    # layers of weights
    "FC FullyConnected FullyConnectedLayer FCLayer InnerProduct Affine Projection LinearLayer Proj": Answer(
        "Dense: {units: 64}", _SIZES
    ),
    "Perceptron MultilayerPerceptron MLP FeedForward FFN PositionwiseFeedForward FeedForwardNetwork": Answer(
        "layers: [{Dense: {units: 256, activation: gelu}}, {Dense: {units: 64}}]"
    ),
    "GatedMLP SwiGLU GEGLU ReGLU LlamaMLP": Answer(
        "layers: [{Dense: {units: 256, activation: silu}, name: gate, inputs: input},"
        " {Dense: {units: 256}, name: up, inputs: input}, {Multiply: {}, inputs: [gate, up]}, {Dense: {units: 64}}]"
    ),
    "Classifier ClassificationHead Head OutputLayer Logits": Answer(
        "Dense: {units: 10, activation: softmax}"
    ),
    "LMHead": Answer(
        "Dense: {units: 1000, use_bias: false}",
        "beside it tie: {kernel: embedding.embeddings}, if it shares the embedding's table",
    ),
    "LoRA LoRALinear LoRALayer": Answer("Dense: {units: 64, lora_rank: 8}"),
    "Maxout MaxoutDense": Answer("layers: [{Dense: {units: 64}}, {Reshape: {target_shape: [32, 2]}},"
        " {Reduce: {function: max, axis: -1}}]"),
    # convolutions
    "Convolution1D Convolutional1D": Answer("Conv1D: {filters: 32, kernel_size: 3}"),
    "Convolution2D Convolution Conv Convolutional2D ConvolutionalLayer ConvLayer": Answer(
        "Conv2D: {filters: 32, kernel_size: 3}"
    ),
    "Convolution3D Convolutional3D": Answer("Conv3D: {filters: 32, kernel_size: 3}"),
    "PointwiseConv PointwiseConv2D Conv1x1 PointwiseConvolution2D": Answer("Conv2D: {filters: 32, kernel_size: 1}"),
    "DilatedConv2D AtrousConv2D AtrousConvolution2D DilatedConvolution2D": Answer(
        "Conv2D: {filters: 32, kernel_size: 3, dilation_rate: 2}"
    ),
    "AtrousConvolution1D DilatedConv1D AtrousConv1D": Answer("Conv1D: {filters: 32, kernel_size: 3, dilation_rate: 2}"),
    "CausalConv1D CausalConvolution1D": Answer("Conv1D: {filters: 32, kernel_size: 3, padding: causal}"),
    "GroupedConv2D GroupConv2D GroupConvolution": Answer("Conv2D: {filters: 32, kernel_size: 3, groups: 2}"),
    "Deconv2D Deconvolution2D Deconvolution TransposedConv2D ConvTranspose2D UpConv2D Deconv": Answer(
        "Conv2DTranspose: {filters: 32, kernel_size: 3, strides: 2}"
    ),
    "Deconv1D TransposedConv1D ConvTranspose1D Deconvolution1D": Answer(
        "Conv1DTranspose: {filters: 32, kernel_size: 3, strides: 2}"
    ),
    "Deconv3D TransposedConv3D ConvTranspose3D Deconvolution3D": Answer(
        "Conv3DTranspose: {filters: 32, kernel_size: 3, strides: 2}"
    ),
    "DepthwiseConv DepthwiseConvolution2D DWConv": Answer("DepthwiseConv2D: {kernel_size: 3}"),
    "SeparableConvolution2D DepthwiseSeparableConv2D SeparableConv": Answer(
        "SeparableConv2D: {filters: 32, kernel_size: 3}"
    ),
    "SqueezeExcitation SqueezeExcite SEBlock SE": Answer(
        "layers: [{GlobalAveragePool2D: {keepdims: true}}, {Dense: {units: 4, activation: relu}},"
        " {Dense: {units: 64, activation: sigmoid}}, {Multiply: {}, inputs: [input, dense_1]}]"
    ),
    # recurrent layers
    "BiLSTM BLSTM BidirectionalLSTM": Answer(
        "Bidirectional: {layer: {LSTM: {units: 64}}}", "or, as PyTorch counts, LSTM: {units: 64, bidirectional: true}"
    ),
    "BiGRU BidirectionalGRU": Answer(
        "Bidirectional: {layer: {GRU: {units: 64}}}", "or, as PyTorch counts, GRU: {units: 64, bidirectional: true}"
    ),
    "BiRNN BidirectionalRNN": Answer(
        "Bidirectional: {layer: {SimpleRNN: {units: 64}}}",
        "or, as PyTorch counts, SimpleRNN: {units: 64, bidirectional: true}",
    ),
    "VanillaRNN ElmanRNN Elman Recurrent BasicRNN SRN": Answer("SimpleRNN: {units: 64}"),
    "CuDNNLSTM FastLSTM LongShortTermMemory": Answer("LSTM: {units: 64}"),
    "CuDNNGRU FastGRU GatedRecurrentUnit": Answer("GRU: {units: 64}"),
    "StackedLSTM DeepLSTM MultiLayerLSTM": Answer(
        "LSTM: {units: 64, num_layers: 2}", "or one LSTM behind another, all but the last with return_sequences: true"
    ),
    "TimeDistributedDense": Answer("Dense: {units: 64}", "it acts on each step of a sequence as it is"),
    # attention
    "SelfAttention MultiHeadSelfAttention MHSA MHA MSA SelfAttn": Answer(
        "MultiHeadAttention: {num_heads: 8, key_dim: 8}", _ATTENDS
    ),
    "CausalSelfAttention MaskedSelfAttention CausalAttention": Answer(
        "MultiHeadAttention: {num_heads: 8, key_dim: 8, causal: true}", f"{_ATTENDS}; a mask owns no parameters"
    ),
    "CrossAttention EncoderDecoderAttention MultiHeadCrossAttention": Answer(
        "MultiHeadAttention: {num_heads: 8, key_dim: 8}", "beside it inputs: [the query, the value]"
    ),
    "GQA GroupedQueryAttention": Answer(
        "MultiHeadAttention: {num_heads: 8, key_dim: 8, num_key_value_heads: 2}", _FEWER_HEADS
    ),
    "MQA MultiQueryAttention": Answer(
        "MultiHeadAttention: {num_heads: 8, key_dim: 8, num_key_value_heads: 1}", _FEWER_HEADS
    ),
    "FlashAttention SDPA ScaledDotProductAttention DotProductAttention": Answer(
        "Attention", "it owns no parameters, and takes inputs: [query, value, key]; with projections it is"
        " MultiHeadAttention"
    ),
    "LuongAttention": Answer("Attention: {use_scale: true}", "beside it inputs: [the query, the value]"),
    "BahdanauAttention": Answer("AdditiveAttention", "beside it inputs: [the query, the value]"),
    # embeddings
    "TokenEmbedding WordEmbedding Embed Embeddings LookupTable WordEmbeddings Lookup": Answer(
        "Embedding: {input_dim: 1000, output_dim: 64}", "input_dim is the size of the vocabulary"
    ),
    "PositionEmbedding PositionalEmbedding LearnedPositionalEmbedding PositionEmbeddings PosEmbed": Answer(
        "Weights: {tensors: {positions: [20, 64]}}", "a learned vector for each position, and the input passes through"
    ),
    "PositionalEncoding SinusoidalPositionalEncoding SinusoidalEmbedding SinePositionEncoding": Answer(
        "", f"sines and cosines are computed, not learned: {_NOTHING_LEARNED}; learned positions are"
        " Weights: {tensors: {positions: [20, 64]}}"
    ),
    "RotaryEmbedding RoPE Rotary ALiBi RotaryPositionalEmbedding": Answer("", _NOTHING_LEARNED),
    "PatchEmbedding PatchEmbed Patchify": Answer(
        "layers: [{Conv2D: {filters: 64, kernel_size: 8, strides: 8}}, {Reshape: {target_shape: [-1, 64]}}]"
    ),
    "ClassToken CLSToken": Answer("Weights: {tensors: {class_token: [1, 64]}, output: class_token}",
        "then Concatenate: {axis: 1} with the patches"),
    # normalisation
    "BN BatchNormalisation BatchNormLayer": Answer("BatchNorm"),
    "LN LayerNormalisation": Answer("LayerNorm"),
    "GN GroupNormalisation": Answer("GroupNorm: {groups: 4}"),
    "IN InstanceNormalisation": Answer("InstanceNorm"),
    "T5LayerNorm LlamaRMSNorm RootMeanSquareNorm": Answer("RMSNorm"),
    "Norm Normalisation": Answer("", "say which: BatchNorm, LayerNorm, RMSNorm, GroupNorm; UnitNorm has no"
        " parameters"),
    "L2Norm L2Normalize L2Normalization": Answer("UnitNorm"),
    "LRN": Answer("LocalResponseNorm: {window: 5}"),
    "LayerScale": Answer("Weights: {tensors: {gamma: [64]}}", "a scale for each channel; the input passes through"),
    # functions
    "ActivationFunction Act Nonlinearity": Answer("Activation: {activation: relu}", _ACTIVATION),
    "ParametricReLU": Answer("PReLU"),
    "SoftmaxLayer": Answer("Activation: {activation: softmax}"),
    "Drop Dropout1D Dropout2D Dropout3D": Answer("Dropout: {rate: 0.1}", "it owns no parameters"),
    "DropPath StochasticDepth DropConnect DropBlock": Answer("Dropout: {rate: 0.1}", "it owns no parameters"),
    # pooling, resizing, shapes
    "Pool Pooling MaxPool MaxPooling Pool2D": Answer("MaxPool2D: {pool_size: 2}"),
    "AvgPool AvgPooling AveragePool AveragePooling AvgPool2D AvgPooling2D MeanPool": Answer(
        "AveragePool2D: {pool_size: 2}"
    ),
    "GAP GlobalAvgPool GlobalPool GlobalAvgPool2D GlobalAveragePooling GlobalPooling": Answer("GlobalAveragePool2D"),
    "GlobalMaxPool GlobalMaxPooling": Answer("GlobalMaxPool2D"),
    "AdaptiveAvgPool AdaptiveAvgPool2D": Answer("AdaptiveAveragePool2D: {output_size: 1}"),
    "Interpolate Interpolation Upscale": Answer("Upsample: {size: 2}", "size is the factor"),
    "Resize": Answer("Resizing: {height: 64, width: 64}"),
    "Pad Padding ZeroPad": Answer("ZeroPadding2D: {padding: 1}"),
    "Crop": Answer("Cropping2D: {cropping: 1}"),
    "View Squeeze Unsqueeze ExpandDims": Answer("Reshape: {target_shape: [-1, 64]}", "the batch is left out"),
    "Transpose SwapAxes Rearrange": Answer("Permute: {dims: [2, 1]}", "axes count from 1; the batch is 0"),
    "Tile": Answer("RepeatVector: {n: 4}"),
    "Split Chunk Narrow Index Select": Answer("Slice: {start: 0, stop: 1}", "one Slice for each part, with inputs"),
    "Mean Sum Max Min ReduceMean ReduceSum": Answer("Reduce: {function: mean, axis: 1}",
        "of one input along an axis; of several inputs it is Average, Add, Maximum or Minimum"),
    # several inputs
    "Concat Cat Concatenation Merge Join": Answer("Concatenate", "beside it inputs: [a, b]"),
    "Plus Addition ElementwiseAdd EltwiseAdd": Answer("Add", "beside it inputs: [a, b]"),
    "Mul ElementwiseMul Product Hadamard Times": Answer("Multiply", "beside it inputs: [a, b]"),
    "Sub Minus": Answer("Subtract", "beside it inputs: [a, b]"),
    "MatMul BMM BatchMatMul": Answer("Einsum: {equation: 'bij,bjk->bik'}", "beside it inputs: [a, b]"),
    # what a spec has no layer type for
    "Group Block Stack Chain Container Stage Model Network SubModel": Answer(
        "layers: [{Dense: {units: 64}}]", "a node that holds nodes is a group, without a layer type; blocks have"
        " arguments as well"
    ),
    "Residual ResidualBlock ResBlock SkipConnection Skip Shortcut ResidualConnection": Answer(
        "{residual: true, layers: [{Dense: {units: 64}}]}", "the output is the input plus what is inside"
    ),
    "Repeat Loop Copies Clone": Answer("{times: 3, layers: [{Dense: {units: 64}}]}"),
    "Parallel Branches Branch": Answer(
        "layers: [{Dense: {units: 8}, name: a, inputs: input}, {Dense: {units: 8}, name: b, inputs: input},"
        " {Concatenate: {}, inputs: [a, b]}]"
    ),
    "MoE MixtureOfExperts Experts SparseMoE SwitchTransformer": Answer(
        "layers: [{Dense: {units: 4, use_bias: false}, name: router, inputs: input},"
        " {Weights: {tensors: {up: [4, 64, 256], down: [4, 256, 64]}}, name: experts, inputs: input}]",
        "an axis of the tensors counts the experts; here 4, of 64 features and 256 within",
    ),
    "Parameter Param Variable Tensor Weight LearnedTensor": Answer("Weights: {tensors: {scale: [64]}}"),
    "Buffer State NonTrainable": Answer("Weights: {states: {mean: [64]}}"),
    "Constant": Answer("", _OF_A_SPEC),
    "Inputs Placeholder InputTensor Source Data": Answer("Input: {shape: [64]}", "the batch is left out"),
    "Output Outputs Return Result": Answer("", "the last node is the output, or outputs: [name] at the spec's top"),
    "Mamba Mamba2 SSM StateSpace S4": Answer(
        "", "write its projections as Dense, its convolution as DepthwiseConv1D and the rest as Weights, in a group"
    ),
    "TransformerBlock TransformerLayer EncoderLayer EncoderBlock BertLayer AttentionBlock": Answer(
        "TransformerEncoderLayer: {num_heads: 8, dim_feedforward: 256}", "or a group of its parts, as specs/ show"
    ),
    "DecoderLayer DecoderBlock": Answer(
        "TransformerDecoderLayer: {num_heads: 8, dim_feedforward: 256}", "beside it inputs: [the sequence, the memory]"
    ),
    "Encoder": Answer("TransformerEncoder: {num_heads: 8, dim_feedforward: 256, num_layers: 2}"),
    "CrossEntropy Loss MSE BCE": Answer("", _LOSS),
    "Quantize Dequantize QuantStub": Answer("", _NOTHING_LEARNED),
    "Noise": Answer("GaussianNoise: {stddev: 0.1}"),
}  # fmt: skip


def normalised(name: str) -> str:
    """Give a name without what does not count: capitals, `_`, `-` and spaces."""
    return re.sub(r"[\s_-]", "", name).lower()


@cache
def _by_name() -> dict[str, Answer]:
    return {normalised(name): answer for names, answer in ANSWERS.items() for name in names.split()}


def answer(name: str) -> str:
    """Say how to write what has another name; nothing, where the name is not known."""
    return str(_by_name().get(normalised(name), ""))
