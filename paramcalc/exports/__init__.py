"""What people and other tools are given: tables, derivations, formulas in other notations."""
