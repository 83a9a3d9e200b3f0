"""A registered client: its keys, the file that registers it, and the tokens that it signs."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

ISSUER = "https://ehr.example"
PUBLIC_URL = "https://cds.example/twitch"
KEY, FORGED = (ec.generate_private_key(ec.SECP384R1()) for _ in range(2))


def registered(folder: Path, *more: str) -> Path:
    """A file of clients with one client; `more` are lines of its block."""
    shown = {**json.loads(ECAlgorithm.to_jwk(KEY.public_key())), "kid": "k1", "use": "sig", "alg": "ES384"}
    shown.pop("key_ops", None)
    (folder / "keys.json").write_text(json.dumps({"keys": [shown]}))
    file = folder / "clients.toml"
    file.write_text("\n".join(["[[client]]", f'issuer = "{ISSUER}"', 'jwks_file = "keys.json"', *more]))
    return file


def token(path: str, *, key: Any = KEY, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """A token for one path of the service, right unless `header` or `claims` say otherwise."""
    now = int(datetime.now(UTC).timestamp())
    said = {"iss": ISSUER, "aud": PUBLIC_URL + path, "iat": now, "exp": now + 300, "jti": str(uuid4())}
    payload = {name: value for name, value in {**said, **claims}.items() if value is not None}
    return jwt.encode(payload, key, "ES384", {"kid": "k1", "typ": "JWT", **(header or {})})


def bearing(path: str, **how: Any) -> dict[str, str]:
    """The header that carries such a token."""
    return {"Authorization": f"Bearer {token(path, **how)}"}
