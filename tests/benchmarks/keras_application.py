"""Builds a model of keras.applications and counts it; with a path, writes its JSON there.

keras_application.py NAME [PATH]
"""

import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import keras

name, *path = sys.argv[1:]
model = getattr(keras.applications, name)(weights=None)
print(model.count_params())
for each in path:
    Path(each).write_text(model.to_json(), encoding="utf-8")
