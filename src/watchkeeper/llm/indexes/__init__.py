"""Vector indexes. A shelf: every file is one place in which vectors are searched."""
