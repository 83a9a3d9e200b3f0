"""Who may call: a bearer token -> the registered client that sent it, or `ClientNotTrusted`.

`Clients.read` reads the registry, `Keys` holds the clients' public keys, `verify`
checks one token. Nothing here knows Flask, and nothing of a token reaches a message.
"""

from service.auth.clients import Client, Clients
from service.auth.keys import Keys
from service.auth.tokens import LEEWAY_S, SeenTokens, verify

__all__ = ["LEEWAY_S", "Client", "Clients", "Keys", "SeenTokens", "verify"]
