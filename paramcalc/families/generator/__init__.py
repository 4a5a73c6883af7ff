"""How the documents of families are made: the real constructors are run, and what they did is written down.

    models       the real models: types, heads, configurations, parameters
    recording    what happens while a model is constructed, in order
    remembering  values that remember how they were worked out
    scalars      whole numbers, doubles, truths and texts of this kind
    lists        lists and tuples of this kind
    doubles      what doubles are rounded to, in whole numbers
    replacing    what stands in place of Python's own functions: loops are recorded
    shapes       sizes of tensors as expressions
    tracing      one recorded construction; all that is changed for it, and taken back
    learning     what several runs have in common: tries
    drawing      configurations to try
    exploring    which are tried, until no condition is seen one way only
    fresh        configurations on which what was learnt is tried
    deriving     what classes of configurations work out from what they are given
    texts        expressions as texts
    counting     numbers in names that several loops make together
    forms        the tries as tensors with conditions and sizes
    mixtures     to how many experts a token is sent
    ties         which tensors are the same
    writing      both as the layers of a spec
    identifying  expressions by their values in the runs
    dims         the fields that tensors depend on, as the dims of a spec
    documents    the document of one class of models
    making       the document of a family, of all its classes
    proving      it, against what the constructors make

`python -m paramcalc.families.generator llama bert` makes documents, and says what came of each class. Only this folder
needs PyTorch and transformers; nothing else imports it.
"""
