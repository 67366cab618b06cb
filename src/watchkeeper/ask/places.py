"""Where it is asked about: environment, namespace, what is left out, and what is looked for in lines."""

from watchkeeper.ask import phrases
from watchkeeper.ask.names import read_services
from watchkeeper.ask.question import Known, Unclear
from watchkeeper.ask.unread import Unread


def read_place(unread: Unread, known: Known) -> tuple[str, str, Unclear | None]:
    """Environment and namespace; unclear where we do not see that one."""
    namespace = unread.take(
        r"\b(?:in |for |from )?(?:the )?(?:namespace|ns) [\"']?([a-z0-9][a-z0-9-]*)[\"']?|\b(?:in |for |from )?the ([a-z0-9][a-z0-9-]*) namespace\b"
    )
    name = (namespace.group(1) or namespace.group(2)) if namespace else ""
    if name and name not in known.namespaces:
        return (
            "",
            "",
            Unclear(f"I see no namespace called {name!r}; those I see: {', '.join(known.namespaces) or 'none'}"),
        )
    for environment, pattern in phrases.ENVIRONMENTS.items():
        if unread.takes(
            r"\b(?:in |on |for |from )?(?:our |the )?"
            + pattern.removeprefix(r"\b").removesuffix(r"\b")
            + r"\b(?:'s)?(?: (?:environment|cluster|env))?"
        ):
            if environment in known.environments or environment[:4] in known.environments:
                return environment, name, None
            seen = ", ".join(known.environments)
            return (
                "",
                "",
                Unclear(
                    f"I do not see {environment}: this installation watches {seen}", (f"ask the same about {seen}",)
                ),
            )
    return "", name, None


def read_search(unread: Unread) -> str:
    """What to look for in lines: quoted, or after "containing"."""
    quoted = unread.take(r"[\"\u201c]([^\"\u201d]{2,200})[\"\u201d]") or unread.take(r"(?<!\w)'([^']{2,200})'(?!\w)")
    if quoted is not None:
        unread.takes(r"\b(?:containing|mentioning|matching|with|for|grep)\s*(?=¦)")
        return quoted.group(1).strip()
    found = unread.take(
        r"\b(?:containing|mentioning|matching|that mention|that contain|grep(?: for)?|(?:search|look)(?: the)?(?: logs?)? for)\s+(?:the word )?([\w.:/-]{2,80})"
    )
    return found.group(1) if found else ""


def read_excluded(unread: Unread, known: Known) -> tuple[str, ...]:
    found = unread.take(
        r"\b(?:except(?: for)?|excluding|other than|but not|(?<=everything )but|(?<=all )but|(?<=services )but|ignoring|apart from|besides)\s+([\w,\- ]+?)(?=\s*(?:[?.!]|¦|$|\bin the\b|\bover\b))"
    )
    if found is None:
        return ()
    inner = Unread(found.group(1))
    # One pod cannot be left out of a service's numbers.
    services = () if inner.has(phrases.PODS) else read_services(inner, known, phrases.VOCABULARY)
    if not services:
        unread.text += f" {found.group(0)} "
    return services
