"""The verbs: each opens what it is given (`opening`), and calls what works it out: `results` take specs only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, overload

from paramcalc.core.algebra import is_array
from paramcalc.core.errors import ParamcalcError, quoted, refuse
from paramcalc.core.expression import folded_name
from paramcalc.core.registry import DEFAULT_MEASURE, RECEPTIVE_FIELD
from paramcalc.frameworks.live import framework_of
from paramcalc.layers.base.declaration import Layer
from paramcalc.layers.base.fields import read_dtype
from paramcalc.spec import FRAMEWORKS, Framework, GivenValue, Spec, Value, of_key, read_given, read_spec
from paramcalc.verbs.opening import InputShape, Network, open_network

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from paramcalc.frameworks.check import Check
    from paramcalc.measures import Measure
    from paramcalc.results.comparison import Comparison
    from paramcalc.results.count import Array, Count
    from paramcalc.results.derivation import Derivation
    from paramcalc.results.difference import Difference
    from paramcalc.results.formula import Formula
    from paramcalc.results.measure_derivation import MeasureDerivation
    from paramcalc.results.measure_difference import MeasureDifference
    from paramcalc.results.measurement import Measurement
    from paramcalc.results.memory import Memory
    from paramcalc.results.receptive_field import ReceptiveField
    from paramcalc.results.solving import Solutions
    from paramcalc.results.solving.solutions import Side
    from paramcalc.results.sweeps import Sweep


@overload
def count(  # type: ignore[overload-overlap]
    spec: Network,
    convention: Framework | None = None,
    *,
    of: Literal["parameters"] | None = None,
    dims: Mapping[str, GivenValue] | None = None,
    input_shape: InputShape | None = None,
    dtype: str | None = None,
    expand: bool = False,
    depth: int | None = None,
) -> Count: ...


@overload
def count(
    spec: Network,
    convention: Framework | None = None,
    *,
    of: Literal["parameters"] | None = None,
    dims: Mapping[str, GivenValue | NDArray[Any]],
    input_shape: InputShape | None = None,
    dtype: str | None = None,
    expand: bool = False,
    depth: int | None = None,
) -> Count[Array]: ...


@overload
def count(  # type: ignore[overload-overlap]
    spec: Network,
    convention: Framework | None = None,
    *,
    of: Literal["receptive-field"],
    dims: Mapping[str, Any] | None = None,
    input_shape: InputShape | None = None,
) -> ReceptiveField: ...


@overload
def count(
    spec: Network,
    convention: Framework | None = None,
    *,
    of: str,
    dims: Mapping[str, Any] | None = None,
    input_shape: InputShape | None = None,
    dtype: str | None = None,
    expand: bool = False,
    depth: int | None = None,
    **options: str | None,
) -> Measurement[Any]: ...


def count(
    spec: Network,
    convention: Framework | None = None,
    *,
    of: str | None = None,
    dims: Mapping[str, Any] | None = None,
    input_shape: InputShape | None = None,
    dtype: str | None = None,
    expand: bool = False,
    depth: int | None = None,
    **options: str | None,
) -> Count[Any] | Measurement[Any] | ReceptiveField:
    """Count a network exactly.

    `spec` is a `Spec`, the path of a file that holds a spec or a Keras model, a mapping as YAML gives it, a live
    model of Keras or PyTorch, or a layer on its own. `convention` is `keras` or `torch`; the spec's own framework,
    if absent. `dims` gives dims other values: whole numbers, truths, lists, expressions, or NumPy arrays of whole
    numbers, which make every total an array. `input_shape` is the shape that a layer on its own, or a PyTorch
    module, is given, without the batch; for several inputs, a list of shapes. `dtype` is that of every tensor for
    which the spec states none, in place of the spec's own. `expand` lists every copy of a
    repeated node; `depth` makes one row of each group that many levels down.

    `of` is the measure that is counted, the parameters if absent; `options` are those of the measure, as the page on
    measures has them. `receptive-field` is no measure, and has a result of its own. Raises `ParamcalcError`.
    """
    if of == RECEPTIVE_FIELD:
        from paramcalc.results.receptive_field import receptive_field

        opened = open_network(spec, input_shape)
        return receptive_field(opened, convention, dims=_given(spec, opened, dims))
    if depth is not None and (type(depth) is not int or depth < 1):
        raise refuse("invalid-value", f"'depth' is a whole number of at least 1, not {quoted(depth)}")
    from paramcalc.graph import evaluating_once

    measure = _measure(of, options)
    # a configuration is evaluated when it is read, to see that it has a count
    with evaluating_once():
        opened = _of_dtype(open_network(spec, input_shape), dtype)
        given = _given(spec, opened, dims, measure)

        def over(dims: Mapping[str, Any]) -> Count[Any] | Measurement[Any]:
            return _counted(opened, measure, convention, dims, expand, depth)

        if any(map(is_array, given.values())):
            from paramcalc.results.sweeps.arrays import count_arrays

            counted = count_arrays(opened, measure, convention, given, over)
        else:
            counted = over(given)
    if not isinstance(spec, Layer):
        return counted
    rows: Any = tuple(row for row in counted.layers if row.kind != "Input")
    return replace(counted, layers=rows)


def _counted(
    spec: Spec,
    measure: Measure,
    convention: Framework | None,
    dims: Mapping[str, Value],
    expand: bool,
    depth: int | None,
) -> Count[Any] | Measurement[Any]:
    """Count a spec by a measure."""
    if measure.name == DEFAULT_MEASURE:
        from paramcalc.results.count import count

        return count(spec, convention, dims=dims, expand=expand, depth=depth)
    from paramcalc.results.measurement import measured

    return measured(spec, measure, convention, dims=dims, expand=expand, depth=depth)


@overload
def explain(  # type: ignore[overload-overlap]
    spec: Network,
    convention: Framework | None = None,
    *,
    of: Literal["parameters"] | None = None,
    node: str | None = None,
    dims: Mapping[str, GivenValue] | None = None,
    input_shape: InputShape | None = None,
    dtype: str | None = None,
) -> Derivation: ...


@overload
def explain(
    spec: Network,
    convention: Framework | None = None,
    *,
    of: str,
    node: str | None = None,
    dims: Mapping[str, GivenValue] | None = None,
    input_shape: InputShape | None = None,
    dtype: str | None = None,
    **options: str | None,
) -> MeasureDerivation: ...


def explain(
    spec: Network,
    convention: Framework | None = None,
    *,
    of: str | None = None,
    node: str | None = None,
    dims: Mapping[str, GivenValue] | None = None,
    input_shape: InputShape | None = None,
    dtype: str | None = None,
    **options: str | None,
) -> Derivation | MeasureDerivation:
    """Explain why a network has the parameters that it has, or what another measure comes to.

    `node` is the path of a layer or a group, the only one to be explained: as the rows of a count name it, with
    or without the counters of repeated nodes. The other arguments are those of `count`. Raises `ParamcalcError`,
    among others `unknown-node`.
    """
    measure = _measure(of, options)
    opened = _of_dtype(open_network(spec, input_shape), dtype)
    given, path = _given(spec, opened, dims, measure), _node_of(spec, opened, node)
    if measure.name == DEFAULT_MEASURE:
        from paramcalc.results.derivation import explain as explained

        return explained(opened, convention, node=path, dims=given)
    from paramcalc.results.measure_derivation import explain_measure

    return explain_measure(opened, measure, convention, node=path, dims=given)


def compare(
    spec: Network,
    conventions: Sequence[Framework] = FRAMEWORKS,
    *,
    node: str | None = None,
    dims: Mapping[str, GivenValue] | None = None,
    input_shape: InputShape | None = None,
) -> Comparison:
    """Compare which tensors two conventions have of a network, and which count.

    The other arguments are those of `explain`. Raises `ParamcalcError`, among others `unknown-convention`.
    """
    from paramcalc.results import comparison as results

    if isinstance(conventions, str):
        raise refuse("wrong-type", "a comparison takes two conventions, not one text", "as in ['keras', 'torch']")
    opened = open_network(spec, input_shape)
    return results.compare(opened, conventions, node=_node_of(spec, opened, node), dims=_given(spec, opened, dims))


def formula(
    spec: Network | type[Layer],
    convention: Framework | None = None,
    *,
    of: str | None = None,
    keep: Iterable[str] | None = None,
    dims: Mapping[str, GivenValue] | None = None,
    dtype: str | None = None,
    **options: str | None,
) -> Formula:
    """Give the closed form of a network in its dims, or the general one of a layer type.

    `keep` names the dims that stay symbols, all by default; the others, and those in `dims`, are
    substituted. A spec without dims gets a symbol for each width of its layers; a live model too, whose
    form in the arguments of its constructor is that of what `derive` gives. `of` is the measure that it is
    the form of, with its `options`, as for `count`; of a whole batch, `batch` stays a symbol where it is kept, or given
    as None. `dtype` is that of `count`. Raises `ParamcalcError` for what `count` refuses, and for an unknown name.
    """
    from paramcalc.results import formula as results

    measure = _measure(of, options)
    if isinstance(spec, type) and issubclass(spec, Layer):
        return results.form_of_kind(spec, convention or "keras", measure=measure)
    if isinstance(spec, Layer):
        name = type(spec).__name__
        raise refuse("wrong-type", "one layer on its own has no dims", f"pc.formula(pc.{name}) is the form of its type")
    names = None if keep is None else _read_names(keep)
    opened = _of_dtype(open_network(spec), dtype)
    try:
        given = _given(spec, opened, dims, measure)
        return results.formula(opened, convention, keep=names, dims=given, measure=measure)
    except ParamcalcError as error:
        raise _naming_derive(error, spec) from None


def _measure(of: str | None, options: Mapping[str, str | None]) -> Measure:
    """Give the measure of a name. Raises `unknown-measure`, `invalid-value`."""
    from paramcalc.measures import measure

    return measure(of, options)


def solve(
    spec: Network,
    convention: Framework | None = None,
    *,
    vary: Iterable[str] | Mapping[str, Any],
    total: int | float | str | None = None,
    targets: Mapping[str, int | float | str] | None = None,
    of: str | None = None,
    which: Side = "nearest",
    where: str | Iterable[str] = (),
    tolerance: float | str = 0,
    limit: int = 1000,
    step: Mapping[str, int] | None = None,
    node: str | None = None,
    dims: Mapping[str, GivenValue] | None = None,
    dtype: str | None = None,
    **options: Any,
) -> Solutions:
    """Find the sizes of dims that give a network a total: all of them, the nearest to the target first.

    `total` is what the measure `of` is to reach, a number or a text such as "125M"; `targets` are several measures,
    each with its number. `vary` names the dims, or gives each the sizes that it may have: a `range`, a list, a text
    such as "1024:8192:128" with both ends included, or None for any of at least 1; of these, `step` takes multiples
    alone. `where` are conditions in the language of spec files, in which a `/` is a fraction. Solutions lie within the
    `tolerance`, a share of the target such as 0.001 or "0.1%", on the side that `which` names: `nearest`, `at-most` or
    `at-least`; no more than `limit` are given. `node` is the path of a layer or a group whose share is to reach the
    target. The other arguments are those of `count`.

    Raises `ParamcalcError`, among others `idle-dim`, and `limit` for a search that would be too large.
    """
    from paramcalc.results.solving import asking as results
    from paramcalc.results.totals import totalled

    if (total is None) == (targets is None):
        raise refuse("missing-key", "either 'total' or 'targets' is given", "as in total=125_000_000")
    if targets is not None and not isinstance(targets, Mapping):
        raise refuse("wrong-type", f"'targets' is a mapping of measures to numbers, not {quoted(targets)}")
    numbers: Mapping[Any, Any] = {of: total} if targets is None else targets
    opened = _of_dtype(open_network(spec), dtype)
    measures = [
        totalled(name, options if len(numbers) == 1 else _options_of(name, options), convention or opened.framework)
        for name in numbers
    ]
    given = [_given(spec, opened, dims, measure, vary) for measure in measures]
    return results.solve(
        opened,
        convention,
        targets=list(zip(measures, numbers.values(), strict=True)),
        vary=vary,
        which=which,
        where=where,
        tolerance=tolerance,
        limit=limit,
        step=step,
        node=node,
        dims={name: value for each in given for name, value in each.items()},
    )


def _options_of(name: str | None, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return of the options of several measures those of one. Raises `unknown-measure`."""
    from paramcalc.results.totals import options_of

    known = options_of(name)
    return {option: value for option, value in options.items() if option in known}


def sweep(
    spec: Network,
    vary: Mapping[str, Any] | str | PathLike[str] | Any,
    convention: Framework | None = None,
    *,
    of: str | Sequence[str] | None = None,
    where: str | Sequence[str] = (),
    columns: Sequence[str] | None = None,
    top: int | None = None,
    by: str | None = None,
    pareto: Sequence[str] | None = None,
    dims: Mapping[str, GivenValue] | None = None,
    dtype: str | None = None,
    client: Any = None,
    **options: Any,
) -> Sweep:
    """Measure a network at every combination of the values of some dims, or at the rows of a table.

    `vary` gives each dim that varies its values: a `range`, a list, an array of whole numbers, or a text such as
    "256:8192:64", in which both ends are included, or "4,8,16"; or it is a table of candidates: the path of a Parquet
    or CSV file, a data frame, a table of pyarrow. Points that break a condition of the spec, or one in `where`, are
    left out; in `where`, a `/` is a fraction. `of` names the measures, the parameters if absent, and `options` are
    theirs. `columns` are the names of the columns that are wanted. `top=10, by="total"` keeps the ten smallest, and
    `by="-total"` the ten largest; `pareto=["total", "-width"]` those for which no other is as good by each of these and
    better by one. `client` is a client of Dask, or the address of its scheduler. The other arguments are those of
    `count`. Raises `ParamcalcError`.
    """
    from paramcalc.results import sweeps as results

    opened = _of_dtype(open_network(spec), dtype)
    _check_fixed(spec, opened, dims, vary if isinstance(vary, Mapping) else ())
    return results.sweep(
        opened,
        vary,
        convention=convention,
        of=of,
        options=options,
        dims=dims,
        where=where,
        columns=columns,
        top=top,
        by=by,
        pareto=pareto,
        client=client,
    )


@overload
def diff(  # type: ignore[overload-overlap]
    before: Network, after: Network, convention: Framework | None = None, *, of: Literal["parameters"] | None = None
) -> Difference: ...


@overload
def diff(
    before: Network,
    after: Network,
    convention: Framework | None = None,
    *,
    of: str,
    dims: Mapping[str, GivenValue] | None = None,
    **options: str | None,
) -> MeasureDifference: ...


def diff(
    before: Network,
    after: Network,
    convention: Framework | None = None,
    *,
    of: str | None = None,
    dims: Mapping[str, GivenValue] | None = None,
    **options: str | None,
) -> Difference | MeasureDifference:
    """Say what differs between two networks: their nodes, tensors, shapes, dtypes, training, ties, and totals.

    Both are what `count` takes, but for a layer. `convention` is that of both; the first one's framework, if absent.
    A node is known by its path. Of another measure `of`, with its `options`, the nodes are those that come to another
    number; `dims` then gives dims of both other values. The result is false where nothing differs. Raises
    `ParamcalcError`.
    """
    measure = _measure(of, options)
    specs = open_network(before), open_network(after)
    if measure.name == DEFAULT_MEASURE:
        if dims is not None:
            raise refuse("invalid-value", "'dims' goes with another measure: two specs state their own", "leave it out")
        from paramcalc.results import difference as results

        return results.diff(*specs, convention)
    from paramcalc.results.measure_difference import diff_measure

    given: dict[str, Value] = {}
    for network, spec in zip((before, after), specs, strict=True):
        # each reads those that it has
        known = measure.prepared(spec).dims
        own = {name: value for name, value in (dims or {}).items() if name in known}
        given |= _given(network, spec, own, measure)
    for name in dims or {}:
        if name not in given:
            raise refuse("unknown-dim", f"neither network has a dim '{name}'")
    return diff_measure(*specs, measure, convention, given)


def memory(
    spec: Network,
    convention: Framework | None = None,
    *,
    training: str | Mapping[str, Any] | None = None,
    dtype: str | None = None,
    master: str | None = None,
    dims: Mapping[str, GivenValue] | None = None,
    budget: int | None = None,
    attention: str | None = None,
    shard: Mapping[str, int] | None = None,
    zero: int | None = None,
    input_shape: InputShape | None = None,
) -> Memory:
    """Tell the memory that training a network takes, or running it: the bytes of each part, on one device.

    `training` is an optimizer of the convention's framework, with options or without: `"adamw"`,
    `{"sgd": {"momentum": 0.9}}`; None: the network is run, and what it caches is told. `dtype` is that of every tensor
    for which the spec states none; `master` that of a copy of the trained weights that the optimizer works on, as in
    mixed precision. `dims` gives dims other values, `batch` among them, which is 1 if absent. `budget` are the bytes
    that there are: the sheet then says whether it fits, and what would make it fit. `attention` is how attention keeps
    what its backward pass needs, as the page on measures has it. Sheets of several devices are not there yet: `shard`
    and `zero` are refused.

    Raises `ParamcalcError`, among others `unknown-optimizer`.
    """
    from paramcalc.results import memory as results
    from paramcalc.results.totals import check_trained_with

    for name, value in (("shard", shard), ("zero", zero)):
        if value:
            raise refuse("invalid-value", f"'{name}' is not known yet: a sheet is of one device", "leave it out")
    if budget is not None and (type(budget) is not int or budget < 0):
        raise refuse("invalid-value", f"'budget' is a whole number of bytes, not {quoted(budget)}")
    check_trained_with({"training": training, "master": master, "attention": attention})
    opened = results.with_batch(_of_dtype(open_network(spec, input_shape), dtype))
    question = results.Question(
        convention or opened.framework,
        training,
        _given(spec, opened, dims),
        _read_dtype("master", master),
        {} if attention is None else {"attention": attention},
    )
    if budget is None:
        return results.memory(opened, question)
    from paramcalc.results import fitting

    return fitting.held_to(budget, opened, question)


def check(spec: Network, against: Network, *, dims: Mapping[str, GivenValue] | None = None) -> Check:
    """Check whether a spec has exactly the tensors of something else: a model, or another spec.

    Both are what `count` takes, but for a layer. Tensors are compared as the framework of `against` has them,
    under the names that it has for them. They are matched by name and shape; the rest by shape, in their order,
    since a spec names its layers as it likes; and what is left by name. `dims` gives dims of the spec other values.
    Raises `ParamcalcError`.
    """
    from paramcalc.frameworks import check as frameworks

    other = read_spec(dict(against)) if isinstance(against, Mapping) else against
    opened = open_network(spec)
    return frameworks.check(opened, other, dims=_given(spec, opened, dims))


def source(
    spec: Network,
    framework: Framework | None = None,
    *,
    dims: Mapping[str, GivenValue] | None = None,
    dtype: str | None = None,
) -> str:
    """Write Python source that makes the real model of a spec, and needs the framework alone.

    `framework` is `keras` or `torch`; the spec's own, if absent. `dims` gives dims other values, and
    `dtype` another dtype, as for `count`. Raises `ParamcalcError`, among others `cannot-build`.
    """
    from paramcalc.frameworks import build as frameworks

    opened = _of_dtype(open_network(spec), dtype)
    return frameworks.source(opened, framework, dims=_given(spec, opened, dims))


def build(
    spec: Network,
    framework: Framework | None = None,
    *,
    dims: Mapping[str, GivenValue] | None = None,
    dtype: str | None = None,
) -> Any:
    """Build the real model of a spec: a `keras.Model`, or a `torch.nn.Module`, whose weights have their first values.

    The arguments are those of `source`, whose text is run. Under `torch.device("meta")` nothing is allocated.
    Raises `ParamcalcError`, among others `cannot-build`, and `missing-package` where the framework is not
    installed.
    """
    from paramcalc.frameworks import build as frameworks

    opened = _of_dtype(open_network(spec), dtype)
    return frameworks.build(opened, framework, dims=_given(spec, opened, dims))


# --- What is given beside a network ----------------------------------------------------


def _given(
    network: Network, opened: Spec, dims: Any, measure: Measure | None = None, varied: Iterable[str] = ()
) -> dict[str, Value]:
    """Read the values that dims are given, for a measure among others those that it adds.

    Those that are `varied` are given other values later. Raises `fixed-dim` for an argument that was fixed when it was
    derived.
    """
    _check_fixed(network, opened, dims, varied)
    if measure is None:
        return read_given(opened, dims)
    from paramcalc.results.rows import located_in

    with located_in(opened):
        prepared = measure.prepared(opened)
    return read_given(prepared, dims)


def _check_fixed(network: Network, opened: Spec, dims: Any, varied: Iterable[str]) -> None:
    """Refuse a dim that was fixed when a network was derived: `fixed-dim`."""
    fixed: Mapping[str, str] = {} if network is opened else getattr(network, "fixed", {})
    names = [*(dims if isinstance(dims, Mapping) else ()), *([varied] if isinstance(varied, str) else varied)]
    for name in names if isinstance(fixed, Mapping) else ():
        if name in fixed:
            raise refuse("fixed-dim", f"'{name}' is fixed: {fixed[name]}", "derive it again with another value")


def _naming_derive(error: ParamcalcError, network: Any) -> ParamcalcError:
    """Say of a live model, which is not given a dim that it lacks, where the arguments of its constructor are dims."""
    if framework_of(network) is None or error.code != "unknown-dim":
        return error
    hint = (
        f"a live model has its sizes alone: pc.derive({type(network).__name__}, …) has the arguments of what makes it"
    )
    return ParamcalcError(replace(problem, hint=hint) for problem in error.problems)


def _of_dtype(spec: Spec, dtype: str | None) -> Spec:
    """Return a spec with another dtype for every tensor for which none is stated. Raises `invalid-value`."""
    return spec if dtype is None else replace(spec, dtype=_read_dtype("dtype", dtype))


def _read_dtype(key: str, dtype: str | None) -> str | None:
    """Read a dtype that is given under this key, if any. Raises `invalid-value`."""
    try:
        return None if dtype is None else read_dtype(dtype)
    except ParamcalcError as error:
        raise of_key(key, error) from None


def _node_of(given: Network, opened: Spec, node: str | None) -> str | None:
    """Choose the node to explain: the layer, where one was given on its own."""
    if node is not None and not isinstance(node, str):
        raise refuse("wrong-type", f"'node' is the path of a node, not {quoted(node)}")
    return opened.layers[-1].default_name if node is None and isinstance(given, Layer) else node


def _read_names(names: Any) -> list[str]:
    """Read the names of dims; one alone may stand without a list."""
    if isinstance(names, str):
        return [folded_name(names)]
    if not isinstance(names, Iterable):
        raise refuse("wrong-type", f"'keep' is a list of dims, not {quoted(names)}", 'as in keep=["width"]')
    return [folded_name(str(name)) for name in names]
