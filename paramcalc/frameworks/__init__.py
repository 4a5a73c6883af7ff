"""Models of the frameworks: read, checked against a spec, and built."""
