"""What is worked out of a spec: counts, closed forms, derivations, comparisons."""
