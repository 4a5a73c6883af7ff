"""Spec to text: YAML, nodes line by line, and what they hold in braces."""

from __future__ import annotations

from typing import Any

import yaml

from paramcalc.core.errors import LIMITS, quoted, refuse
from paramcalc.spec import Spec


def dumps(spec: Spec) -> str:
    """Return a spec as YAML text, which `loads` reads back to an equal spec."""
    given: object = spec
    if not isinstance(given, Spec):
        hint = "pc.load reads the spec of a file, pc.loads that of a text"
        raise refuse("wrong-type", f"takes a spec, not {quoted(type(given).__name__)}", hint)
    plain = spec.plain()
    if _depth(plain) > LIMITS.nesting:
        message = f"more than {LIMITS.nesting} mappings and lists within one another: the text could not be read back"
        raise refuse("limit", message, "pc.count, and the other verbs, take the spec as it is")
    return written(plain)


def written(plain: dict[str, Any]) -> str:
    """Write a spec, or another document with nodes, that is plain data."""
    text: str = yaml.dump(
        plain, Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=100, allow_unicode=True
    )
    return text


def _depth(data: Any) -> int:
    """Return how many mappings and lists stand within one another, as far as that may be."""
    depth, inside = 0, [data]
    while inside and depth <= LIMITS.nesting:
        found = [each for each in inside if isinstance(each, (dict, list, tuple))]
        depth += bool(found)
        inside = [item for each in found for item in (each.values() if isinstance(each, dict) else each)]
    return depth


class _Dumper(yaml.SafeDumper):
    def represent(self, data: Any) -> None:
        document = self.represent_data(data)
        _lay_out(document)
        self.serialize(document)

    def represent_in_braces(self, data: dict[str, Any]) -> Any:
        """Return a mapping in braces, unless it is laid out later."""
        return super().represent_mapping("tag:yaml.org,2002:map", data, flow_style=True)

    def analyze_scalar(self, scalar: str) -> Any:
        """Choose how a text is written: with escapes where some of it is not printed, so that no terminal obeys it."""
        self.allow_unicode = scalar.replace("\n", "").isprintable()
        return super().analyze_scalar(scalar)

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
        return super().increase_indent(flow, False)


_Dumper.add_representer(dict, _Dumper.represent_in_braces)


def _lay_out(document: Any) -> None:
    """Put the keys of a spec, its blocks and nodes on lines of their own; of a family, its heads."""
    document.flow_style = False
    for key, value in document.value:
        if key.value in ("blocks", "heads"):
            value.flow_style = False
            for _, block in value.value:
                _lay_out_group(block)
    _lay_out_group(document)


def _lay_out_group(group: Any) -> None:
    """Put the keys of what has `layers` on lines of their own, and its nodes."""
    group.flow_style = False
    for key, value in group.value:
        if key.value == "layers":
            value.flow_style = False
            for node in value.value:
                if isinstance(node, yaml.MappingNode):
                    _lay_out_node(node)


def _lay_out_node(node: Any) -> None:
    """Put the keys of a node on lines of their own. A layer type without fields ends in its colon."""
    _lay_out_group(node)
    for key, value in node.value:
        if key.value[:1].isupper() and value.tag == "tag:yaml.org,2002:null":
            value.value = ""
