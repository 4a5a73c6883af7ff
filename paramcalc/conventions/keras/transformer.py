"""Keras: transformer."""

EQUIVALENTS = {
    "TransformerEncoderLayer": (),
    "TransformerDecoderLayer": (),
    "TransformerEncoder": (),
    "TransformerDecoder": (),
    "Transformer": (),
}
