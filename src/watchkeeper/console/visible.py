"""Characters without a picture of their own are shown, not obeyed; the page's templates escape HTML themselves."""

from watchkeeper.domain.escaping import pictured


def visible(text: object) -> str:
    """Control, direction and surrogate characters as escapes; line breaks and tabs stay."""
    return "".join(c if c in "\n\t" else pictured(c) for c in str(text))
