"""What is declared: reading and editing manifests, text in, text out."""
