"""What layers do that are more than operations one after another."""

from __future__ import annotations

from collections.abc import Mapping

from paramcalc.measures.saved.programs import (
    attention,
    axes,
    elementwise,
    norms,
    products,
    recurrence,
    sources,
    transformers,
    windows,
)
from paramcalc.measures.saved.run import Program

PROGRAMS: Mapping[str, Program] = {
    "input": sources.network_input,
    "weights": sources.weights,
    "linear": products.dense,
    "activation": elementwise.activate,
    "pad": windows.pad,
    "cut": windows.cut,
    "means": windows.means,
    "rescaling": elementwise.rescaling,
    "power_pool": windows.power_pool,
    "reshape": axes.reshape,
    "flatten": axes.flatten,
    "slice": axes.part_of_axis,
    "crop": axes.crop,
    "permute": axes.permute,
    "concatenate": axes.concatenate,
    "sum": elementwise.sum_of_inputs,
    "product_of_inputs": elementwise.multiply,
    "extreme_of_inputs": elementwise.compare,
    "function": elementwise.of_several,
    "rms_norm": norms.rms_norm,
    "unit_norm": norms.unit_norm,
    "local_response_norm": norms.local_response_norm,
    "recurrent": recurrence.recurrent,
    "cell": recurrence.cell,
    "attention": attention.attention,
    "dot_product_attention": attention.of_projected,
    "encoder_layer": transformers.encoder_layer,
    "decoder_layer": transformers.decoder_layer,
    "stack": transformers.stack,
    "transformer": transformers.transformer,
    "cosine": elementwise.cosine,
    "distance": elementwise.distance,
    "einsum": products.einsum,
    "unpool": windows.unpool,
}
