"""The words of the trade: frozen values that every room shares. Nothing here does I/O."""
