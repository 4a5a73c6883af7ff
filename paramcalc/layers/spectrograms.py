"""Layers that turn a signal into its frequencies."""

from collections.abc import Iterator
from typing import Literal

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.core.errors import quoted, refuse
from paramcalc.layers.base.declaration import Axes, Layer, Tensor
from paramcalc.layers.base.fields import Count, Flag, OptionalCount, Size, field
from paramcalc.layers.base.spatial import STEPS, DataFormat, Spatial, data_format
from paramcalc.layers.base.windows import output_lengths


class MelSpectrogram(Layer):
    """Tells how loud a signal is at each time and pitch; the filters of the pitches are computed anew."""

    inputs = (Axes("... t", t="samples"),)
    source = "keras.layers.MelSpectrogram"

    fft_length: Count = field("", "samples that are turned into frequencies at a time", 2048)
    sequence_stride: Count = field("", "samples from one time to the next", 512)
    sequence_length: OptionalCount = field("", "of these, the samples under the window; all, if absent", None)
    num_mel_bins: Size = field("m", "pitches", 128)

    def output_shape(self, x: Shape) -> Shape:
        if self.sequence_length is not None and not algebra.at_least(self.fft_length - self.sequence_length, 0):
            raise refuse(
                "invalid-value",
                f"'sequence_length' of MelSpectrogram is at most 'fft_length', {quoted(self.fft_length)},"
                f" not {quoted(self.sequence_length)}",
            )
        # the signal is mirrored at both ends, by half a window
        added = algebra.floor_divide(self.fft_length, 2)
        if not algebra.at_least(x[-1] - added - 1, 0):
            raise refuse(
                "shape-mismatch",
                f"MelSpectrogram with 'fft_length' {quoted(self.fft_length)} takes more than {quoted(added)} samples,"
                f" not {quoted(x[-1])}",
            )
        times = algebra.floor_divide(x[-1] + 2 * added - self.fft_length, self.sequence_stride) + 1
        return (*x[:-1], self.num_mel_bins, times)


class STFTSpectrogram(Spatial):
    """Turns each stretch of a signal into its frequencies, by kernels that begin as waves and may be trained."""

    inputs = (STEPS,)
    source = "keras.layers.STFTSpectrogram"

    mode: Literal["log", "magnitude", "psd", "real", "imag", "angle", "stft"] = field(
        "", "what is told of each frequency; stft: its real and its imaginary part", "log"
    )
    frame_length: Count = field("", "samples of a stretch", 256)
    frame_step: OptionalCount = field("", "samples from one stretch to the next; half of one, if absent", None)
    fft_length: OptionalCount = field("", "twice the frequencies; the next power of two, if absent", None)
    padding: Literal["valid", "same"] = field("", "whether stretches may reach beyond the end: same", "valid")
    expand_dims: Flag = field("", "whether the frequencies have an axis of their own", False)
    data_format: DataFormat = data_format()

    def tensors(self, x: Shape) -> Iterator[Tensor]:
        shape = (self.frame_length, 1, self._frequencies())
        if self.mode != "imag":
            yield Tensor("real_kernel", shape, "a cosine for each frequency")
        if self.mode != "real":
            yield Tensor("imag_kernel", shape, "a sine for each frequency")

    def output_shape(self, x: Shape) -> Shape:
        if self.frame_step is not None and not algebra.at_least(self.frame_length - self.frame_step, 0):
            raise refuse(
                "invalid-value",
                f"'frame_step' of STFTSpectrogram is at most 'frame_length', {quoted(self.frame_length)},"
                f" not {quoted(self.frame_step)}",
            )
        step = algebra.floor_divide(self.frame_length, 2) if self.frame_step is None else self.frame_step
        times = output_lengths(x[:1], (self.frame_length,), (step,), self.padding)
        told = self._frequencies() * (2 if self.mode == "stft" else 1)
        return (*times, told, x[-1]) if algebra.truth(self.expand_dims) else (*times, told * x[-1])

    def _frequencies(self) -> Number:
        if self.fft_length is None:
            return algebra.floor_divide(algebra.power_of_two(self.frame_length), 2) + 1
        if not algebra.at_least(self.fft_length - self.frame_length, 0):
            raise refuse(
                "invalid-value",
                f"'fft_length' of STFTSpectrogram is at least 'frame_length', {quoted(self.frame_length)},"
                f" not {quoted(self.fft_length)}",
            )
        return algebra.floor_divide(self.fft_length, 2) + 1
