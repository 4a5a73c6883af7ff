"""Values that remember how they were worked out: whole numbers, doubles, truths, texts and lists.

Each is a value of the plain type, so that the code that computes with it goes on as always. Its expression is a text in
the language of specs.
"""

from __future__ import annotations

import builtins
import math
import operator
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from math import log2
from typing import Any

from paramcalc.families.generator.doubles import MIRRORED, Form, Logarithm, Part, Product, Sum, fraction_of, halves_of
from paramcalc.families.generator.recording import LOST, ask, current, is_model_code, looped

_NUMBERS = (int, float)


def expression(value: Any) -> str:
    """Return the expression of a value: what it remembers, or itself."""
    found = getattr(value, "expression", None)
    if isinstance(found, str):
        return found
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(expression, value))}]"
    return repr(value)


def plain(value: Any) -> Any:
    """Return a value that remembers nothing."""
    if isinstance(value, Truth):
        return bool(builtins.int(value))
    if isinstance(value, Whole):
        return builtins.int(value)
    if isinstance(value, Double):
        return builtins.float(value)
    if isinstance(value, Text):
        return str.__str__(value)
    if isinstance(value, Sequence):
        return value.base(map(plain, value.items()))
    return value


def whole(value: int, text: str) -> Any:
    """Return a whole number with its expression."""
    found = Whole(value)
    found.expression = f"{LOST}{value}" if LOST in text else text
    return found


def lost(value: Any) -> Any:
    """Return a number whose expression is not known."""
    if isinstance(value, bool) or not isinstance(value, _NUMBERS):
        return value
    return whole(value, f"{LOST}{value}") if isinstance(value, int) else double(value)


def double(value: float, ratio: tuple[str, str] | None = None, form: Form | None = None) -> Any:
    """Return a double: a quotient of two whole numbers, or what is known of a whole number times a double."""
    found = Double(value)
    found.expression = f"{LOST}{value}"
    found.ratio, found.form = ratio, form
    return found


def constant(value: float) -> Any:
    """Return a double that the code itself has: Python multiplies a plain one without asking the other number."""
    top, bottom = value.as_integer_ratio() if math.isfinite(value) else (0, 0)
    is_short = 0 < top <= 1024 and bottom <= 64
    found = double(value, ratio=(str(top), str(bottom)) if is_short else None)
    found.expression = repr(value)
    return found


def is_constant(value: Any) -> bool:
    """Whether a value is a double that the code itself has."""
    return isinstance(value, float) and expression(value) == repr(plain(value))


def logarithm(value: Any) -> Any:
    """Return the logarithm of a number to the base 2, which remembers what is left of it where it is cut off."""
    found = log2(plain(value))
    top, bottom = (expression(value), "1") if isinstance(value, Whole) else getattr(value, "ratio", None) or (LOST, "1")
    if LOST in top or LOST in bottom or found < 0:
        return lost(found) if hasattr(value, "expression") else found
    # that of a quotient lies between the same whole numbers as that of the quotient without its fraction
    return double(found, form=Logarithm(top if bottom == "1" else f"{top} // {bottom}"))


class _Number:
    """What whole numbers, doubles and truths have in common."""

    expression: str

    def __deepcopy__(self, memo: Any) -> Any:
        return self

    def __copy__(self) -> Any:
        return self

    def __bool__(self) -> bool:
        value = plain(self)
        return ask(f"({self.expression} != 0)", value != 0)


class Whole(_Number, int):
    """A whole number."""

    __hash__ = int.__hash__

    def __neg__(self) -> Any:
        return whole(-plain(self), f"(-{self.expression})")

    def __abs__(self) -> Any:
        return lost(abs(plain(self)))

    def __round__(self, digits: Any = None) -> Any:
        return self

    def __floor__(self) -> Any:
        return self

    def __ceil__(self) -> Any:
        return self

    def __trunc__(self) -> Any:
        return self

    def __int__(self) -> Any:
        return int.__int__(self)

    def __index__(self) -> int:
        return int.__int__(self)

    def __reduce__(self) -> Any:
        return (int, (int.__int__(self),))


_ROUNDINGS: dict[str, Callable[[float], int]] = {
    "scaled": math.trunc,
    "scaled_up": math.ceil,
    "scaled_near": builtins.round,
}


class Double(_Number, float):
    """A double."""

    ratio: tuple[str, str] | None
    form: Form | None
    __hash__ = float.__hash__

    def rounded(self, sort: str) -> Any:
        """Return it as a whole number, cut off, rounded up or to the nearest."""
        value = int(_ROUNDINGS[sort](plain(self)))
        if isinstance(self.form, Product):
            return whole(value, self.form.rounded(sort))
        if isinstance(self.form, Sum) and sort == "scaled":
            ask(self.form.assumed(), self.form.is_assumed())
            return whole(value, self.form.truncated())
        if self.ratio is not None and sort != "scaled_near":
            top, bottom = self.ratio
            if bottom == "1":
                return whole(value, top)
            return whole(value, f"({top} // {bottom})" if sort == "scaled" else f"ceil({top} / {bottom})")
        if isinstance(self.form, Logarithm) and sort == "scaled":
            return whole(value, f"log2({self.form.of})")
        return lost(value)

    def __floor__(self) -> Any:
        return self.rounded("scaled")

    def __trunc__(self) -> Any:
        return self.rounded("scaled")

    def __ceil__(self) -> Any:
        return self.rounded("scaled_up")

    def __round__(self, digits: Any = None) -> Any:
        return self.rounded("scaled_near") if digits is None else double(builtins.round(plain(self), digits))

    def __neg__(self) -> Any:
        return double(-plain(self))

    def __reduce__(self) -> Any:
        return (float, (float.__float__(self),))


class Truth(_Number, int):
    """A truth: a number, since no class may stand on `bool`."""

    __hash__ = int.__hash__

    def __bool__(self) -> bool:
        return ask(self.expression, int.__int__(self) != 0)

    def __repr__(self) -> str:
        return repr(int.__int__(self) != 0)

    def __reduce__(self) -> Any:
        return (bool, (int.__int__(self),))


class Text(str):
    """A text."""

    expression: str
    __hash__ = str.__hash__

    def __deepcopy__(self, memo: Any) -> Any:
        return self

    def __reduce__(self) -> Any:
        return (str, (str.__str__(self),))

    def startswith(self, *given: Any) -> bool:
        """Ask how it begins: the language has no word for it."""
        return ask(f"{LOST}startswith({self.expression})", str.startswith(self, *given))

    def endswith(self, *given: Any) -> bool:
        """Ask how it ends: the language has no word for it."""
        return ask(f"{LOST}endswith({self.expression})", str.endswith(self, *given))

    def __contains__(self, part: Any) -> bool:
        return ask(f"{LOST}part({self.expression}, {part!r})", str.__contains__(self, part))


_OPERATIONS: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "add": ("+", operator.add),
    "sub": ("-", operator.sub),
    "mul": ("*", operator.mul),
    "floordiv": ("//", operator.floordiv),
    "truediv": ("/", operator.truediv),
    "mod": ("%", operator.mod),
    "pow": ("**", operator.pow),
}
_COMPARISONS: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "eq": ("==", operator.eq),
    "ne": ("!=", operator.ne),
    "lt": ("<", operator.lt),
    "le": ("<=", operator.le),
    "gt": (">", operator.gt),
    "ge": (">=", operator.ge),
}


def _result(sign: str, value: Any, left: Any, right: Any) -> Any:
    """Return what an operation gives, with its expression where the language has one."""
    if isinstance(value, complex):
        return value
    first, second = expression(left), expression(right)
    if isinstance(left, int) and isinstance(right, int):
        if sign == "/":
            return double(value, ratio=(first, second)) if value >= 0 else double(value)
        if isinstance(value, int):
            return whole(value, f"({first} {sign} {second})")
        return double(value)
    if sign == "*" and value >= 0:
        return _product(value, left, right)
    # a difference may be negative elsewhere, and is then rounded the other way
    if sign == "+" and value >= 0:
        return _sum(value, left, right)
    if sign == "/" and isinstance(left, Double) and left.ratio is not None and isinstance(right, int) and value >= 0:
        # rounding the quotient of sizes twice passes no whole number
        return double(value, ratio=(left.ratio[0], f"({left.ratio[1]} * {second})"))
    return double(value)


def _product(value: float, left: Any, right: Any) -> Any:
    """Return a product of numbers of which one is a double."""
    for size, factor in ((left, right), (right, left)):
        if isinstance(size, int) and isinstance(factor, float):
            if isinstance(factor, Double) and factor.ratio is not None:
                top, bottom = factor.ratio
                product = expression(size) if top == "1" else f"({expression(size)} * {top})"
                return double(value, ratio=(product, bottom))
            known = LOST not in expression(factor)
            form = Product(expression(size), expression(factor)) if known else None
            return double(value, ratio=_exact_product(size, factor), form=form)
        if isinstance(size, Double) and isinstance(size.form, Product) and is_constant(factor):
            fraction = fraction_of(plain(factor))
            return double(value, form=None if fraction is None else Part(size.form, plain(size), fraction))
    return double(value)


def _sum(value: float, left: Any, right: Any) -> Any:
    """Return a sum of numbers of which one is a double."""
    first, second = _in_parts(left), _in_parts(right)
    if first is not None and second is not None:
        unit = max(first[1], second[1])
        one, other = (text if parts == unit else f"({unit} * {text})" for text, parts in (first, second))
        return double(value, ratio=(f"({one} + {other})", str(unit)))
    for product, added in ((left, second), (right, first)):
        if isinstance(product, Double) and isinstance(product.form, Product) and added is not None:
            return double(value, form=Sum(product.form, plain(product), *added))
    return double(value)


def _in_parts(value: Any) -> tuple[str, int] | None:
    """Return a number as a number of wholes, or of halves, with how many of them make 1; None for another."""
    if isinstance(value, int):
        return expression(value), 1
    if isinstance(value, Double) and value.ratio is not None and value.ratio[1] in ("1", "2"):
        return value.ratio[0], int(value.ratio[1])
    halves = halves_of(plain(value)) if is_constant(value) else None
    if halves is None:
        return None
    return (str(halves // 2), 1) if halves % 2 == 0 else (str(halves), 2)


def _exact_product(size: Any, factor: float) -> tuple[str, str] | None:
    """Return a size times a constant that is a short binary fraction, such as 0.75, as a quotient."""
    top, bottom = plain(factor).as_integer_ratio()
    if isinstance(factor, Double) or bottom > 64 or top > 1024:
        return None
    return f"({top} * {expression(size)})", str(bottom)


def _operation(sign: str, apply: Callable[[Any, Any], Any], reflected: bool) -> Any:
    def method(self: Any, other: Any) -> Any:
        if sign == "*" and isinstance(other, (list, tuple)):
            return _repeated(other, self)
        if not isinstance(other, _NUMBERS):
            return NotImplemented
        left, right = (other, self) if reflected else (self, other)
        return _result(sign, apply(plain(left), plain(right)), left, right)

    return method


def _comparison(sign: str, apply: Callable[[Any, Any], bool]) -> Any:
    def method(self: Any, other: Any) -> Any:
        if not isinstance(other, (*_NUMBERS, str)):
            return NotImplemented if sign not in ("==", "!=") else sign == "!="
        outcome = apply(plain(self), plain(other))
        if isinstance(self, str) and sign not in ("==", "!="):
            # the order of texts matters to none that sorts them
            return outcome
        return ask(_compared(sign, self, other), outcome)

    return method


def _compared(sign: str, left: Any, right: Any) -> str:
    """Return how numbers compare as an expression, and record what that assumes."""
    if isinstance(right, Double) and not isinstance(left, float):
        return _compared(MIRRORED[sign], right, left)
    if isinstance(left, Double) and isinstance(right, int):
        other, sign_of_other = expression(right), MIRRORED[sign]
        if isinstance(left.form, Product):
            return left.form.compared(sign_of_other, other)
        if isinstance(left.form, Part) and sign not in ("==", "!="):
            ask(left.form.assumed(other), left.form.is_assumed(plain(right)))
            return left.form.compared(sign_of_other, other)
        if left.ratio is not None and LOST not in "".join(left.ratio):
            return f"({left.ratio[0]} {sign} {left.ratio[1]} * {other})"
    return f"({expression(left)} {sign} {expression(right)})"


for _class in (Whole, Double):
    for _name, (_sign, _apply) in _OPERATIONS.items():
        setattr(_class, f"__{_name}__", _operation(_sign, _apply, reflected=False))
        setattr(_class, f"__r{_name}__", _operation(_sign, _apply, reflected=True))
for _each in (Whole, Double, Truth, Text):
    for _name, (_sign, _compare) in _COMPARISONS.items():
        setattr(_each, f"__{_name}__", _comparison(_sign, _compare))


def _repeated(items: Any, number: Any) -> Any:
    """Return a list repeated; what the code of models does with it is asked of its items, as of those of any list."""
    found = type(items)(items) * plain(number)
    recorder = current()
    if recorder is None or recorder.watched is is_model_code:
        return found
    made = List(found)
    made.expression = f"({expression(items)} * {expression(number)})"
    return made


class Sequence:
    """What lists and tuples have in common."""

    expression: str
    base: type[Any] = list

    @property
    def extent(self) -> str:
        """How many items there are, as an expression."""
        return f"len({self.expression})"

    def item_at(self, place: str) -> str:
        """Return the expression of the item at a place."""
        return f"{self.expression}[{place}]"

    def items(self) -> Iterator[Any]:
        """Yield the items without recording a loop."""
        found: Iterator[Any] = self.base.__iter__(self)
        return found

    def __deepcopy__(self, memo: Any) -> Any:
        return self

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            bounds = [key.start, key.stop]
            if key.step == -1 and bounds == [None, None]:
                return Backwards(self)
            found = self.base.__getitem__(self, slice(*(plain(each) for each in (*bounds, key.step))))
            text = ":".join("" if each is None else expression(each) for each in bounds)
            return remembering(self.base(found), f"{self.expression}[{text}]" if key.step is None else LOST)
        return renamed(self.base.__getitem__(self, plain(key)), self.item_at(expression(key)))

    def __iter__(self) -> Iterator[Any]:
        return looped(
            len(self.base(self.items())),
            self.extent,
            lambda copy, counter: renamed(self.base.__getitem__(self, copy), self.item_at(counter)),
        )

    def __bool__(self) -> bool:
        return ask(f"({self.extent} != 0)", self.base.__len__(self) != 0)

    def __contains__(self, item: Any) -> bool:
        found = any(plain(item) == plain(each) for each in self.items())
        return ask(f"({expression(item)} in {self.expression})", found)

    def __add__(self, other: Any) -> Any:
        return remembering(
            self.base(chain(self.items(), items_of(other))), f"({self.expression} + {expression(other)})"
        )

    def __radd__(self, other: Any) -> Any:
        return remembering(
            self.base(chain(items_of(other), self.items())), f"({expression(other)} + {self.expression})"
        )

    def __eq__(self, other: Any) -> bool:
        if not isinstance(other, (list, tuple)):
            return False
        same = [*map(plain, self.items())] == [*map(plain, items_of(other))]
        return ask(f"({self.expression} == {expression(other)})", same)

    def __ne__(self, other: Any) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return id(self)

    def __reduce__(self) -> Any:
        return (self.base, (self.base(self.items()),))

    def index(self, item: Any, *rest: Any) -> Any:
        """Return where an item first stands."""
        found = [*map(plain, self.items())].index(plain(item))
        return whole(found, f"position({expression(item)}, {self.expression})")

    def count(self, item: Any) -> Any:
        """Count an item: the language has no word for it."""
        return lost(sum(plain(item) == plain(each) for each in self.items()))


class List(Sequence, list[Any]):  # type: ignore[misc]
    """A list."""

    base = list


class Backwards(List):
    """The items of a list in the other order, each remembering where it stands in the list."""

    def __init__(self, of: Sequence) -> None:
        number = len(self.base(of.items()))
        super().__init__(
            renamed(each, of.item_at(str(number - 1 - place))) for place, each in enumerate(reversed([*of.items()]))
        )
        self.of, self.expression = of, f"{LOST}backwards({of.expression})"

    @property
    def extent(self) -> str:
        """How many items there are, as an expression."""
        return self.of.extent

    def item_at(self, place: str) -> str:
        """Return the expression of the item at a place."""
        return self.of.item_at(f"-1 - {place}")


def _changing(change: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method that changes a list, which is then no longer what it was."""

    def method(self: Any, *given: Any) -> Any:
        self.expression = LOST
        return change(self, *given)

    return method


for _name in (
    "__setitem__",
    "__delitem__",
    "__iadd__",
    "append",
    "extend",
    "insert",
    "pop",
    "remove",
    "reverse",
    "sort",
):
    setattr(List, _name, _changing(getattr(list, _name)))


class Tuple(Sequence, tuple[Any, ...]):
    """A tuple."""

    base = tuple


def items_of(value: Any) -> Iterable[Any]:
    """Return the items of a list without recording a loop."""
    return value.items() if isinstance(value, Sequence) else value


def remembering(value: Any, text: str) -> Any:
    """Return a value that remembers it is this expression; None, mappings and objects as they are."""
    made: dict[type[Any], Any] = {bool: Truth, int: Whole, float: Double, str: Text, list: List, tuple: Tuple}
    kind = type(plain(value))
    if kind not in made:
        return value
    if kind in (list, tuple):
        value = [remembering(plain(each), f"{text}[{place}]") for place, each in enumerate(items_of(value))]
    found = made[kind](value)
    found.expression = text
    if kind is float:
        found.ratio = found.form = None
    return found


def renamed(value: Any, text: str) -> Any:
    """Return an item of a list under the expression by which it was taken."""
    return remembering(plain(value), text) if hasattr(value, "expression") else value
