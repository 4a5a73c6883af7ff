"""The floor: what any program pays that imports pydantic and yaml, has one model, and parses a line."""

import pydantic
import yaml


class Line(pydantic.BaseModel):
    units: int


Line.model_validate(yaml.load("units: 80", Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
