"""Networks as people write them, for `derive`: a module a subject, each with its cases."""
