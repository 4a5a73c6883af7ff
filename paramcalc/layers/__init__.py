"""The layer types, one module a subject; `core/registry.py` says which module declares which."""
