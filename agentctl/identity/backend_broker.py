"""The broker that knows the environment's backends: a brokered token for most, a declared static key for some."""

from collections.abc import Callable, Mapping

from agentctl.contract.environment import Backend, StaticKey
from agentctl.events.tool import Credential
from agentctl.identity.broker import CredentialRequest, Minted, NotMinted
from agentctl.identity.issuer import TokenIssuer


class BackendBroker:
    """Mints what each backend takes. `read_secret` gives the value of an environment variable, or None."""

    def __init__(
        self, backends: Mapping[str, Backend], issuer: TokenIssuer, read_secret: Callable[[str], str | None]
    ) -> None:
        self._backends = backends
        self._issuer = issuer
        self._read_secret = read_secret

    def mint(self, request: CredentialRequest) -> Minted | NotMinted:
        """Return a credential for exactly this call, or why there is none."""
        backend = self._backends.get(request.backend)
        if backend is None:
            return NotMinted(f"the environment binds no backend `{request.backend}`")
        if backend.static_key is not None:
            return self._static(backend.static_key, request)
        return self._issuer.token(request, backend.audience or request.backend)

    def _static(self, key: StaticKey, request: CredentialRequest) -> Minted | NotMinted:
        secret = self._read_secret(key.env)
        if not secret:
            return NotMinted(f"the environment variable {key.env} is not set")
        record = Credential(kind="static", audience=request.backend, scope=request.scope)
        return Minted(record, {key.header: f"{key.prefix}{secret}"})


NO_CREDENTIAL = Minted(Credential(kind="none"))
"""For tools that run here and reach no backend."""
