"""Keras: transposed convolution."""

from paramcalc.conventions import Equivalent
from paramcalc.conventions.keras import same

_ARGUMENTS = "filters kernel_size strides padding output_padding dilation_rate use_bias activation data_format"
#: It takes strides or dilation, no groups, and at the end less than a stride.
_WHEN = (
    "groups == 1 and (max(dilation_rate) == 1"
    " or max(strides) == 1 and (output_padding == None or max(output_padding) == 0))"
)


def _transposed(name: str) -> tuple[Equivalent]:
    return same(name, _ARGUMENTS, _WHEN)


EQUIVALENTS = {
    "Conv1DTranspose": _transposed("Conv1DTranspose"),
    "Conv2DTranspose": _transposed("Conv2DTranspose"),
    "Conv3DTranspose": _transposed("Conv3DTranspose"),
}
