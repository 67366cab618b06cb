"""Embedders. A shelf: every file is one way to make vectors of texts. Without any, our own embedding is used alone."""
