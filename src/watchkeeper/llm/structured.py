"""An answer of an asked shape: checked by pydantic, repaired once, else refused."""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from watchkeeper.domain.errors import ModelAnswerInvalid
from watchkeeper.llm.port import Completion, Prompt

Shape = TypeVar("Shape", bound=BaseModel)
Complete = Callable[[Prompt], Awaitable[Completion]]
_LONGEST = 200_000
_FENCE = re.compile(r"^\s*```(?:json)?\s*(.*?)\s*```\s*$", re.DOTALL)


async def structured(complete: Complete, prompt: Prompt, shape: type[Shape]) -> Shape:
    """The answer as `shape`. The second and last try names what was wrong. Raises ModelError."""
    said = await complete(prompt)
    try:
        return parsed(said.text, shape)
    except ModelAnswerInvalid as error:
        again = (
            f"{prompt.user}\n\nYour last answer could not be read: {error}. Answer again with the JSON object alone."
        )
        return parsed((await complete(replace(prompt, user=again))).text, shape)


def parsed(text: str, shape: type[Shape]) -> Shape:
    """Raises ModelAnswerInvalid with the places that do not fit; nothing of the answer is quoted."""
    if len(text) > _LONGEST:
        raise ModelAnswerInvalid("the answer is longer than anything that was asked for")
    fenced = _FENCE.match(text)
    try:
        return shape.model_validate(json.loads(fenced.group(1) if fenced else text))
    except ValidationError as error:
        places = "; ".join(
            f"{'.'.join(map(str, e['loc']))}: {e['type']}" for e in error.errors(include_input=False)[:5]
        )
        raise ModelAnswerInvalid(f"not of the asked shape: {places}") from None
    except (ValueError, RecursionError):
        raise ModelAnswerInvalid("not a JSON object") from None
