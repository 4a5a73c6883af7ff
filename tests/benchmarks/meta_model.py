"""Builds the model of a `config.json` on PyTorch's meta device, and sums its parameters."""

import json
import sys
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForCausalLM

config = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
with torch.device("meta"):
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**config))
print(sum(parameter.numel() for parameter in model.parameters()))
