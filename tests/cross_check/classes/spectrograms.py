from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import paramcalc as pc

from ..strategies import FLAG, SMALL, Case, sizes, some
from .spatial import spatial

_MODES = ["log", "magnitude", "psd", "real", "imag", "angle", "stft"]


@st.composite
def _mel(draw: DrawFn, framework: str) -> Case:
    length = draw(st.integers(2, 20))
    fields = {"fft_length": length, **some(draw, sequence_length=st.integers(1, length), num_mel_bins=SMALL)}
    fields["sequence_stride"] = draw(st.integers(1, 9))
    samples = length // 2 + draw(st.integers(1, 40))
    return Case(pc.MelSpectrogram(**fields), ((*draw(sizes(0, 2)), samples),), framework)


@st.composite
def _stft(draw: DrawFn, framework: str) -> Case:
    length = draw(st.integers(2, 9))
    steps, frequencies = st.integers(1, length), st.integers(length, 12)
    fields: dict[str, Any] = {"frame_length": length, **some(draw, frame_step=steps, fft_length=frequencies)}
    fields |= some(draw, mode=st.sampled_from(_MODES), padding=st.sampled_from(["valid", "same"]), expand_dims=FLAG)
    return spatial(draw, "STFTSpectrogram", framework, fields, [length + draw(st.integers(0, 20))])


CASES = {"MelSpectrogram": _mel, "STFTSpectrogram": _stft}


def _channels_first(case: Case) -> bool:
    """A CPU has no convolution with the channels first."""
    return getattr(case.layer, "data_format", None) == "channels_first"


UNRUN = (_channels_first,)


def _counts_times_otherwise(case: Case) -> bool:
    """MelSpectrogram says that there are times which the samples do not reach; and knows two axes only."""
    return isinstance(case.layer, pc.MelSpectrogram)


MISSTATED = (_counts_times_otherwise,)
