"""A LangChain chat model behind our port: time-outs, quotas, filters and cut answers become our errors."""

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from watchkeeper.domain.errors import ModelAnswerInvalid, ModelError, ModelUnavailable
from watchkeeper.llm.port import Completion, Prompt
from watchkeeper.settings import LlmSettings

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel

_LONGEST_WAIT = 20.0
"""Seconds we wait when the server names a time; longer ones are left to the next look."""


class ChatModel:
    """One configured model. Content never goes into spans."""

    def __init__(self, chat: "BaseChatModel", provider: str, settings: LlmSettings, client: httpx.AsyncClient) -> None:
        self._chat, self.provider, self._settings, self._client = chat, provider, settings, client
        self.name = settings.deployment or settings.model

    async def complete(self, prompt: Prompt) -> Completion:
        """One answer; after a 429 that names a short wait, once more."""
        with self._span(prompt) as span:
            try:
                return await self._twice(prompt, span)
            except ModelError as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(Status(StatusCode.ERROR))
                raise

    async def _twice(self, prompt: Prompt, span: Span) -> Completion:
        for again in (False, True):
            try:
                async with asyncio.timeout(self._settings.timeout_seconds):
                    return _whole(await self._bound(prompt).ainvoke(_messages(prompt)), span)
            except TimeoutError:
                raise ModelUnavailable(
                    f"{self.name} did not answer within {self._settings.timeout_seconds:g} s"
                ) from None
            except _errors() as error:
                wait = _wait_of(error)
                if again or wait is None or wait > _LONGEST_WAIT:
                    raise _ours(error, self.name) from None
                await asyncio.sleep(wait)
        raise AssertionError("unreachable")

    async def aclose(self) -> None:
        """Give connections back: the library's own client is shared by event loops and never closed, so ours is used."""
        await self._client.aclose()

    def _bound(self, prompt: Prompt) -> Any:
        extra: dict[str, Any] = {"response_format": {"type": "json_object"}} if prompt.json else {}
        return self._chat.bind(max_tokens=prompt.max_tokens, **extra)

    def _span(self, prompt: Prompt) -> Any:
        attributes: dict[str, str | int | float] = {
            "gen_ai.operation.name": "chat", "gen_ai.provider.name": self.provider, "gen_ai.request.model": self.name,
            "gen_ai.request.max_tokens": prompt.max_tokens, "gen_ai.request.temperature": self._settings.temperature,
            "gen_ai.output.type": "json" if prompt.json else "text",
        }  # fmt: skip
        tracer = trace.get_tracer("watchkeeper.llm")
        return tracer.start_as_current_span(
            f"chat {self.name}", kind=SpanKind.CLIENT, attributes=attributes, record_exception=False
        )


def _messages(prompt: Prompt) -> list[tuple[str, str]]:
    return [("system", prompt.system), ("human", prompt.user)]


def _whole(message: Any, span: Span) -> Completion:
    """Only an answer that ended by itself counts."""
    about, usage = message.response_metadata, message.usage_metadata or {}
    finish = str(about.get("finish_reason") or "stop")
    span.set_attribute("gen_ai.response.finish_reasons", [finish])
    span.set_attribute("gen_ai.response.model", str(about.get("model_name", "")))
    span.set_attribute("gen_ai.usage.input_tokens", int(usage.get("input_tokens", 0)))
    span.set_attribute("gen_ai.usage.output_tokens", int(usage.get("output_tokens", 0)))
    if finish == "length":
        raise ModelAnswerInvalid("the answer was cut at its length limit", hint="raise llm.max_tokens")
    if finish == "content_filter":
        raise ModelAnswerInvalid("the provider's content filter withheld the answer")
    if message.tool_calls or message.invalid_tool_calls:
        raise ModelAnswerInvalid("the model called a tool that it was not given")
    if not isinstance(message.content, str) or not message.content.strip():
        raise ModelAnswerInvalid("the model gave an empty answer")
    return Completion(
        message.content,
        int(usage.get("input_tokens", 0)),
        int(usage.get("output_tokens", 0)),
        str(about.get("model_name", "")),
    )


def _errors() -> tuple[type[BaseException], ...]:
    import openai

    # The last ones: the library reads a body of another shape than it expects.
    return (openai.OpenAIError, httpx.HTTPError, ValueError, AttributeError, TypeError, LookupError)


def _wait_of(error: BaseException) -> float | None:
    """Seconds the server asks us to wait, where it says 429 or 503 with a number."""
    status, response = getattr(error, "status_code", 0), getattr(error, "response", None)
    if status not in (429, 503) or response is None:
        return None
    said = response.headers.get("retry-after", "")
    return float(said) if said.replace(".", "", 1).isdigit() else None


def _ours(error: BaseException, name: str) -> ModelError:
    """The error of our tree that fits."""
    ended = {
        "LengthFinishReasonError": "the answer was cut at its length limit",
        "ContentFilterFinishReasonError": "the provider's content filter withheld the answer",
    }
    if type(error).__name__ in ended:
        return ModelAnswerInvalid(ended[type(error).__name__], hint="raise llm.max_tokens")
    status = getattr(error, "status_code", None)
    code = str(getattr(error, "code", "") or "")
    if code == "content_filter" or "content_filter" in str(getattr(error, "body", "")):
        return ModelAnswerInvalid("the provider's content filter refused the question")
    if status in (401, 403):
        return ModelUnavailable(f"{name} refuses our key", hint="check llm.api_key (AZURE_OPENAI_KEY)")
    if status == 404:
        return ModelUnavailable(f"{name} is not there", hint="check llm.endpoint and llm.deployment")
    if status == 429:
        return ModelUnavailable(f"{name} is over its quota", hint="it is asked again at the next look")
    if status is not None and 400 <= status < 500:
        return ModelAnswerInvalid(f"{name} refuses the question (HTTP {status})")
    return ModelUnavailable(f"{name} cannot be reached or answers with nonsense: {type(error).__name__}")
