"""The clients' public keys: fetched when first needed, kept, renewed; never from where a token says."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Thread
from time import monotonic

from jwt import PyJWK, PyJWKClient, PyJWKSet
from jwt.exceptions import PyJWTError

from service.auth.clients import Client
from service.auth.jwks import KeysNotHad, download, key_name, key_set, policy_for, read_file
from service.errors import ClientNotTrusted

# PyJWKClient wants an http(s) address even where a file is read and nothing fetched.
NOWHERE = "https://jwks-file.invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long keys are kept and waited for, in seconds.

    `lifespan`: how long a set counts as fresh, and so how long a withdrawn key may go on.
    `cooldown`: how often a token with an unknown `kid` may make us ask again.
    `grace`: how long the last good set goes on while a new one cannot be had.
    `deadline`: what one fetch may take, name resolution included.
    `pause`: after a failed fetch, how long nobody tries again.
    """

    lifespan: float = 300
    cooldown: float = 30
    grace: float = 3600
    deadline: float = 2.5
    pause: float = 10


class Keys:
    """The keys of all clients of one process; `ca_bundle`: whom to trust, not the public authorities."""

    def __init__(self, patience: Patience | None = None, *, ca_bundle: Path | None = None) -> None:
        self._patience, self._ca_bundle = patience or Patience(), ca_bundle
        self._rings: dict[Client, KeyRing] = {}
        self._adding = Lock()

    def find(self, client: Client, kid: str, algorithm: str) -> PyJWK:
        """The client's key of that name for that algorithm.

        Raises:
            ClientNotTrusted: there is none, or the keys cannot be had.
        """
        try:
            return self._ring(client).get_signing_key(key_name(kid, algorithm))
        except KeysNotHad as problem:
            raise ClientNotTrusted(str(problem), issuer=client.issuer) from None
        except PyJWTError:
            words = f"the client has no key of that kid for {algorithm}"
            raise ClientNotTrusted(words, issuer=client.issuer) from None

    def _ring(self, client: Client) -> KeyRing:
        with self._adding:
            if client not in self._rings:
                self._rings[client] = KeyRing(client, self._patience, self._ca_bundle)
            return self._rings[client]


class KeyRing(PyJWKClient):
    """One client's keys. The cache, the cool-down after an unknown `kid` and the lock are PyJWT's."""

    def __init__(self, client: Client, patience: Patience, ca_bundle: Path | None) -> None:
        super().__init__(
            client.jku or NOWHERE, lifespan=patience.lifespan, cooldown_duration=patience.cooldown
        )
        self._client, self._patience, self._ca_bundle = client, patience, ca_bundle
        self._good: PyJWKSet | None = None
        self._good_at = self._again_at = float("-inf")
        self._failure = KeysNotHad("its keys were not asked for yet")
        self._running: Future[bytes] | None = None

    def fetch_data(self) -> PyJWKSet:
        """A new key set; while none can be had, the last good one for as long as the grace lasts.

        Raises:
            KeysNotHad: there is none, or it is too old.
        """
        if monotonic() < self._again_at:
            return self._last_good()
        try:
            found = key_set(self._raw(), self._client.algorithms)
        except KeysNotHad as problem:
            self._failure, self._again_at = problem, monotonic() + self._patience.pause
            return self._last_good()
        self._good, self._good_at = found, monotonic()
        self._last_successful_fetch = self._good_at
        return found

    def _last_good(self) -> PyJWKSet:
        age = monotonic() - self._good_at
        if self._good is None or age > self._patience.lifespan + self._patience.grace:
            raise self._failure
        return self._good

    def _raw(self) -> bytes:
        """The key set's bytes, within the deadline.

        A thread fetches, since neither a name resolution nor a server that drips its headers
        can be interrupted. One that hangs is waited for and never doubled.
        """
        if self._client.jwks_file:
            return read_file(self._client.jwks_file)
        if self._running is None or self._running.done():
            self._running = _in_thread(self._download)
        try:
            return self._running.result(self._patience.deadline)
        except TimeoutError:
            raise KeysNotHad("its jku did not answer in time") from None

    def _download(self) -> bytes:
        policy = policy_for(self.uri, private_network=self._client.private_network)
        return download(self.uri, policy, seconds=self._patience.deadline, ca_bundle=self._ca_bundle)


def _in_thread(work: Callable[[], bytes]) -> Future[bytes]:
    """The result to be of a daemon thread: unlike an executor's, it never keeps a process from ending."""
    result: Future[bytes] = Future()

    def run() -> None:
        try:
            result.set_result(work())
        except Exception as problem:  # whatever it is, it belongs to the one who waits
            result.set_exception(problem)

    Thread(target=run, name="jwks", daemon=True).start()
    return result
