"""What everything else builds on: refusals, arithmetic, expressions, and names."""
