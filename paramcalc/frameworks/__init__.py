"""Models that exist already: read as specs, by their description or alive, and built from specs."""
