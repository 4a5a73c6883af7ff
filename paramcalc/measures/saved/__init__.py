"""What PyTorch keeps for the backward pass on the CPU: bytes of distinct storages, those of parameters apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, cast, get_args

from paramcalc.graph import Graph, Leaf
from paramcalc.measures.measure import Context, Measure, Term, Visit
from paramcalc.measures.saved.programs import PROGRAMS
from paramcalc.measures.saved.run import Attention, Run, term
from paramcalc.measures.saved.walk import State, Walk, kept_by, values_of


class Saved(Measure):
    """The bytes that PyTorch keeps for the backward pass on the CPU.

    Each storage counts once, at the layer that keeps it first: inputs and outputs of layers, and what they make for the
    backward pass alone. The network's inputs count; parameters, buffers and the loss do not. Source: torch 2.13, under
    `torch.autograd.graph.saved_tensors_hooks`, without mkldnn.
    """

    name = "saved"
    unit = "bytes"
    phrase = "the bytes that PyTorch keeps for the backward pass"
    summary = (
        "What PyTorch keeps for the backward pass on the CPU, each storage once, at the layer that keeps it first;"
        " parameters, buffers and the loss are left out."
    )
    questions: ClassVar[Mapping[str, str]] = {
        "Why do layers keep less together than each by itself?": (
            "What one layer gives and the next one takes is the same storage. It counts at the first that keeps it."
        ),
        "Why does this grow with the batch?": (
            "Each example has numbers of its own between the layers, while all of them share the parameters."
        ),
    }
    term = "storage"
    needs_connections = True
    of_values = True
    of_type = False
    of_batch = True
    shares = True
    options: ClassVar[Mapping[str, Sequence[str]]] = {"attention": get_args(Attention)}

    def visits(self, graph: Graph, context: Context) -> Mapping[int, Sequence[Visit]]:
        return Walk(graph, self._run(context)).visits()

    def terms(self, leaf: Leaf, context: Context, state: State | None) -> Iterable[Term]:
        if state is None:
            return ()
        values = values_of(state, leaf, context.batch)
        held = [term("held", values[place].storage.sizes) for place in state.held]
        if state.recomputed:
            return held
        run = self._run(context)
        run.told = iter(state.choices)
        return [*held, *kept_by(run, leaf, values)[1]]

    def _run(self, context: Context) -> Run:
        return Run(context, cast(Attention, self.chosen["attention"]), PROGRAMS)
