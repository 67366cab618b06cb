"""Characters without a picture of their own are shown, not obeyed; the page's templates escape HTML themselves."""

from watchkeeper.domain.escaping import pictured


def visible(text: object) -> str:
    """Control, direction and surrogate characters as escapes; line breaks and tabs stay."""
    said = str(text)
    if said.isprintable():
        return said
    return "".join(c if c in "\n\t" else pictured(c) for c in said)
