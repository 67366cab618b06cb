"""Characters without a picture of their own are shown, not obeyed."""

import unicodedata


def visible(text: object) -> str:
    """Control, direction and surrogate characters as escapes; line breaks and tabs stay."""
    return "".join(
        c if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs") else f"\\u{ord(c):04x}" for c in str(text)
    )
