"""PyTorch: categories."""

EQUIVALENTS = {
    "Discretization": (),
    "CategoryEncoding": (),
    "Hashing": (),
    "HashedCrossing": (),
    "IntegerLookup": (),
    "StringLookup": (),
    "TextVectorization": (),
}
