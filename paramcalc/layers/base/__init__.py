"""What layer types are declared with, and what families of them share."""
