"""Every other provider, through litellm: the only place that loads it, and only when it is used.

Two things it would do by itself are switched off before it is loaded: asking the network for prices, and putting the
`.env` file of the working directory into the environment.
"""

import asyncio
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from importlib import import_module
from typing import Final, Protocol, cast
from weakref import WeakSet

from typing_extensions import override

from agentctl.foundation.canonical import RESULT_LIMITS, JsonValue, NotJson, refuse_size
from agentctl.models import wire
from agentctl.models.client import FailureKind, ModelAnswer, ModelClient, ModelFailure, ModelRequest

NOT_INSTALLED: Final = ModelFailure(
    "not_usable",
    "litellm is not installed; `pip install 'litellm[mcp]'` or use `provider: openai_compatible`",
)

_ENVIRONMENT: Final = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # its own price table, no look-up
    "HF_HUB_OFFLINE": "1",  # no tokenizer is fetched
    "LITELLM_MODE": "PRODUCTION",  # no `.env` file is read
}

# What an exception means when the provider's own HTTP status is not to be found behind it.
KINDS: Final[Mapping[str, FailureKind]] = {
    "RateLimitError": "rate_limited",
    "ServiceUnavailableError": "unavailable",
    "BadGatewayError": "unavailable",
    # litellm uses these for all it cannot name, broken connections and unreadable bodies too
    "APIConnectionError": "unknown_outcome",
    "APIError": "unknown_outcome",
    "InternalServerError": "unknown_outcome",
    "APIResponseValidationError": "unknown_outcome",
    "JSONSchemaValidationError": "unknown_outcome",
    "MidStreamFallbackError": "unknown_outcome",
    "MockException": "unknown_outcome",
    "OpenAIError": "unknown_outcome",
    "Timeout": "unknown_outcome",
    # something that watches over answers took one back: it was computed
    "BlockedPiiEntityError": "unknown_outcome",
    "GuardrailRaisedException": "unknown_outcome",
    "ModifyResponseException": "unknown_outcome",
    "SensitiveDataRouteException": "unknown_outcome",
    "AuthenticationError": "refused",
    "BadRequestError": "refused",
    "ContentPolicyViolationError": "refused",
    "ContextWindowExceededError": "refused",
    "ImageFetchError": "refused",
    "InvalidRequestError": "refused",
    "NotFoundError": "refused",
    "PaymentRequiredError": "refused",
    "PermissionDeniedError": "refused",
    "RejectedRequestError": "refused",
    "UnprocessableEntityError": "refused",
    "UnsupportedParamsError": "refused",
    "VectorStoreSearchError": "refused",
    "BudgetExceededError": "not_usable",
    "LiteLLMUnknownProvider": "not_usable",
    "ModelNotMappedError": "not_usable",
}

_NEVER_CONNECTED: Final = frozenset(
    {"ConnectError", "ConnectTimeout", "ConnectionRefusedError", "EndpointConnectionError", "gaierror"}
)

# What leaves litellm's own code unwrapped when it meets something it did not expect.
_STRAY: Final = (ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError)


class _Response(Protocol):
    def model_dump(self, *, warnings: bool) -> dict[str, JsonValue]: ...


class _Litellm(Protocol):
    """The few names of litellm that are used; its own types take mypy a minute to read."""

    suppress_debug_info: bool
    drop_params: bool
    modify_params: bool

    async def acompletion(self, **arguments: object) -> _Response: ...


class LitellmClient(ModelClient):
    """One deployment that litellm reaches, `provider/model` by its names. It asks once.

    Args:
        api_key: The key; None leaves it to litellm, which looks into the environment for what the provider needs.
        base_url: Another address of the provider; None: the provider's own.
    """

    def __init__(self, *, api_key: str | None = None, base_url: str | None = None) -> None:
        self._api_key = api_key
        self._base_url = base_url
        self._litellm: _Litellm | None = None

    @override
    def __repr__(self) -> str:
        """Return the client without its key."""
        return f"LitellmClient(base_url={self._base_url!r})"

    @override
    async def complete(self, request: ModelRequest) -> ModelAnswer | ModelFailure:
        """Ask once."""
        try:
            litellm = await asyncio.to_thread(_load) if self._litellm is None else self._litellm
        except ImportError as error:
            return NOT_INSTALLED if error.name == "litellm" else _not_loadable(error)
        self._litellm = litellm
        _USED.add(self)
        outcome = await self._asked(litellm, request)
        return wire.without_secret(outcome, self._api_key) if isinstance(outcome, ModelFailure) else outcome

    @override
    def worst_case_input_tokens(self, request: ModelRequest) -> int:
        """Return the bytes of the body."""
        return wire.request_bytes(request)

    @override
    async def close(self) -> None:
        """Give back connections, which litellm keeps for all clients together: the last one closes them."""
        if self in _USED:
            _USED.remove(self)
            if not _USED:
                await _close_connections()

    async def _asked(self, litellm: _Litellm, request: ModelRequest) -> ModelAnswer | ModelFailure:
        try:
            async with asyncio.timeout(request.timeout_seconds):
                with _unheard():
                    response = await litellm.acompletion(**self._arguments(request))
            return _answer(response, request)
        except TimeoutError:
            return ModelFailure("unknown_outcome", f"no answer within {request.timeout_seconds:g} s")
        except ImportError as error:
            return _not_loadable(error)
        except _errors() as error:
            return failure_from(error, self._base_url)

    def _arguments(self, request: ModelRequest) -> dict[str, object]:
        """Return what litellm is called with: our body, one attempt, nothing kept."""
        return {
            **wire.request_body(request),  # a copy: litellm changes the messages it is given
            "timeout": request.timeout_seconds,
            "num_retries": 0,
            "max_retries": 0,
            "caching": False,
            "api_key": self._api_key,
            "base_url": self._base_url,
            "extra_headers": dict(request.headers),
        }


_USED: Final[WeakSet[LitellmClient]] = WeakSet()


def failure_from(error: BaseException, base_url: str | None = None) -> ModelFailure:
    """Return the failure that an exception of litellm stands for, by what lies behind it."""
    message = _sentence(error)
    for cause in _causes(error):
        if type(cause).__name__ in _NEVER_CONNECTED:
            return wire.not_reached(base_url, message)
        if (status := _status_behind(cause)) is not None:
            return wire.failure_from_status(status, message, _retry_after(cause))
    return ModelFailure(_kind_of(error), message)


def _kind_of(error: BaseException) -> FailureKind:
    """Return the kind by name, of the class or of the nearest one it derives from."""
    names = (cls.__name__ for cls in type(error).__mro__)
    return next((KINDS[name] for name in names if name in KINDS), "unknown_outcome")


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__


def _status_behind(cause: BaseException) -> int | None:
    """Return the status the provider really answered: litellm's own classes carry made-up ones."""
    if type(cause).__name__ != "HTTPStatusError":
        return None
    status = getattr(getattr(cause, "response", None), "status_code", None)
    return status if isinstance(status, int) else None


def _retry_after(cause: BaseException) -> str | None:
    headers = getattr(getattr(cause, "response", None), "headers", None)
    found = headers.get("Retry-After") if isinstance(headers, Mapping) else None
    return found if isinstance(found, str) else None


def _sentence(error: BaseException) -> str:
    """Return the first line: litellm writes tracebacks into its messages."""
    return wire.shortened((str(error).partition("\n")[0] or type(error).__name__).partition("Traceback")[0])


def _answer(response: _Response, request: ModelRequest) -> ModelAnswer | ModelFailure:
    body = response.model_dump(warnings=False)
    try:
        refuse_size(body, RESULT_LIMITS)
    except NotJson as error:
        return wire.unreadable(str(error))
    return wire.answer_from_value(body, request)


def _not_loadable(error: ImportError) -> ModelFailure:
    return ModelFailure(
        "not_usable", wire.shortened(f"litellm cannot be loaded: {error}; `pip install 'litellm[mcp]'`")
    )


# -- loading it -----------------------------------------------------------------------------------


def _load() -> _Litellm:
    """Import litellm, quiet and offline; takes three seconds the first time, so never on the event loop.

    Raises:
        ImportError: litellm, or something it needs, is not installed.
    """
    os.environ.update(_ENVIRONMENT)  # litellm takes these settings from nowhere else
    litellm = cast("_Litellm", import_module("litellm"))
    litellm.suppress_debug_info = True
    litellm.drop_params = False  # a limit or a tool that is silently left out is worse than a refusal
    litellm.modify_params = False
    with suppress(ImportError):  # loads what its first call with tools would load on the event loop
        import_module("litellm.responses.mcp.litellm_proxy_mcp_handler")
    return litellm


@contextmanager
def _unheard() -> Iterator[None]:
    """Let litellm report a call to nobody: it would work out what the call was like and cost, and nobody listens."""
    internal = _internal()
    before = internal.set(True)
    try:
        yield
    finally:
        internal.reset(before)


@cache
def _internal() -> ContextVar[bool]:
    """Return what litellm marks the calls with that it makes for itself; one that is read by nobody where it has none."""
    try:
        return cast("ContextVar[bool]", import_module("litellm._internal_context").is_internal_call)
    except (ImportError, AttributeError):
        return ContextVar("unmarked")


def _errors() -> tuple[type[Exception], ...]:
    """Return all that litellm raises: its own classes, those of the library under it, and stray ones."""
    own = [found for found in vars(import_module("litellm.exceptions")).values() if _is_error(found)]
    return (*own, import_module("openai").OpenAIError, *_STRAY)


def _is_error(found: object) -> bool:
    return isinstance(found, type) and issubclass(found, Exception)


async def _close_connections() -> None:
    litellm = import_module("litellm")
    await litellm.close_litellm_async_clients()
    litellm.in_memory_llm_clients_cache.flush_cache()  # or the next call would get a closed one
