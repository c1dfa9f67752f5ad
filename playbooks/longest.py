"""The longest that a Liquid text can become: of each `if` and `case` the way that says most."""

from collections.abc import Sequence
from typing import Any

from liquid import BoundTemplate, Node
from liquid.ast import BlockNode, ConditionalBlockNode
from liquid.builtin.tags.case_tag import CaseNode, MultiExpressionBlockNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.builtin.tags.unless_tag import UnlessNode
from liquid.exceptions import LiquidError


def longest(template: BoundTemplate, values: dict[str, Any]) -> str:
    """The text rendered so; empty where its ways need each other. The template is used up by it."""
    template.nodes = _widest(template, template.nodes, values)
    try:
        return template.render(**values).strip()
    except LiquidError:
        return ""


def _widest(template: BoundTemplate, nodes: Sequence[Node], values: dict[str, Any]) -> list[Node]:
    """The nodes with one way instead of each choice."""
    chosen: list[Node] = []
    for node in nodes:
        ways = [_widest(template, block.nodes, values) for block in _ways(node)]
        chosen += max(ways, key=lambda way: _size(template, way, values)) if ways else [node]
    return chosen


def _ways(node: Node) -> list[BlockNode]:
    if isinstance(node, IfNode | UnlessNode):
        blocks: list[Any] = [node.consequence, *node.alternatives, node.default]
    elif isinstance(node, CaseNode):
        blocks = list(node.blocks)
    else:
        return []
    inner = [b.block if isinstance(b, ConditionalBlockNode | MultiExpressionBlockNode) else b for b in blocks]
    return [block for block in inner if isinstance(block, BlockNode)]


def _size(template: BoundTemplate, nodes: list[Node], values: dict[str, Any]) -> int:
    kept, template.nodes = template.nodes, nodes
    try:
        return len(template.render(**values).encode())
    except LiquidError:  # it needs what the text assigns in front of it
        return 0
    finally:
        template.nodes = kept
