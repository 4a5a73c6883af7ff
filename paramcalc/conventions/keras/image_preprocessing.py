"""Keras: images prepared and varied."""

from paramcalc.conventions import Equivalent
from paramcalc.conventions.keras import same

#: The transforms, each with the arguments that it must be given; they change no shape.
_TRANSFORMS: dict[str, dict[str, str]] = {
    "AugMix": {},
    "AutoContrast": {},
    "ContrastLimitedAdaptiveHistogramEqualization": {},
    "CutMix": {},
    "Equalization": {},
    "MixUp": {},
    "RandAugment": {},
    "RandomBrightness": {"factor": "1"},
    "RandomColorDegeneration": {"factor": "1"},
    "RandomColorJitter": {},
    "RandomContrast": {"factor": "1"},
    "RandomElasticTransform": {},
    "RandomErasing": {},
    "RandomFlip": {},
    "RandomGaussianBlur": {},
    "RandomGrayscale": {},
    "RandomHue": {"factor": "1"},
    "RandomInvert": {},
    "RandomPerspective": {},
    "RandomPosterization": {"factor": "4"},
    "RandomRotation": {"factor": "1"},
    "RandomSaturation": {"factor": "1"},
    "RandomSharpness": {"factor": "1"},
    "RandomShear": {},
    "RandomTranslation": {"height_factor": "1", "width_factor": "1"},
    "RandomZoom": {"height_factor": "1"},
    "Solarization": {},
}

EQUIVALENTS = {
    "Rescaling": same("Rescaling", "scale offset"),
    "Resizing": same("Resizing", "height width data_format"),
    "CenterCrop": same("CenterCrop", "height width data_format"),
    "RandomCrop": same("RandomCrop", "height width data_format"),
    "MaxNumBoundingBoxes": (
        Equivalent("keras.layers.MaxNumBoundingBoxes", {"max_number": "max_number", "bounding_box_format": "'xyxy'"}),
    ),
    "Augmentation": tuple(
        Equivalent(f"keras.layers.{name}", arguments, fields={"transform": name})
        for name, arguments in _TRANSFORMS.items()
    ),
}
