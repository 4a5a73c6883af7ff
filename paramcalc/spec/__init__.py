"""The document: dims, blocks and nodes, as plain data.

    Spec        what a file holds
      .blocks   Block   a group with arguments, to be called by name
      .layers   Node    a layer, a group, the call of a block, or the sharing of another node

`read_spec` makes one of the mappings and lists that YAML and JSON give; `Spec.plain` goes
the other way. All that can be refused without computing a shape is refused here.
"""

from paramcalc.spec.dims import Dim
from paramcalc.spec.document import Block, Spec
from paramcalc.spec.given import read_given
from paramcalc.spec.naming import node_names
from paramcalc.spec.node import Node
from paramcalc.spec.reading import read_spec
from paramcalc.spec.values import (
    FRAMEWORKS,
    VERSION,
    Framework,
    GivenValue,
    Value,
    is_none,
    names_in,
    of_key,
    unknown_convention,
)

__all__ = [
    "FRAMEWORKS",
    "VERSION",
    "Block",
    "Dim",
    "Framework",
    "GivenValue",
    "Node",
    "Spec",
    "Value",
    "is_none",
    "names_in",
    "node_names",
    "of_key",
    "read_given",
    "read_spec",
    "unknown_convention",
]
