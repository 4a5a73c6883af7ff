"""Keras: spectrograms."""

from paramcalc.conventions.keras import same

EQUIVALENTS = {
    "MelSpectrogram": same("MelSpectrogram", "fft_length sequence_stride sequence_length num_mel_bins"),
    "STFTSpectrogram": same(
        "STFTSpectrogram", "mode frame_length frame_step fft_length padding expand_dims data_format"
    ),
}
