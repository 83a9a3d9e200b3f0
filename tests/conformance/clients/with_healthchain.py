"""Calls the service with HealthChain's CDS Hooks client; runs in HealthChain's own virtual environment.

Arguments: the service's base address, then a file of calls: a list of {hook, path, context, prefetch}.
Prints as JSON what HealthChain's models make of discovery and of each answer.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import httpx
from healthchain.models import CDSResponse
from healthchain.models.responses.cdsdiscovery import CDSServiceInformation
from healthchain.sandbox import SandboxClient
from healthchain.sandbox.requestconstructors import CdsRequestConstructor
from healthchain.sandbox.workflows import Workflow


def main(base: str, file: str) -> None:
    """Discover, call, and say what came."""
    found = httpx.get(f"{base}/cds-services").raise_for_status().json()
    services = CDSServiceInformation(**found).services
    answers = [answer(base, call) for call in json.loads(Path(file).read_text())]
    print(json.dumps({"services": [service.model_dump() for service in services], "answers": answers}))


def answer(base: str, call: dict[str, Any]) -> dict[str, Any]:
    """The answer as the client gives it, and whether its strict model takes it."""
    workflow = Workflow(call["hook"])
    client = SandboxClient(url=base + call["path"], workflow=workflow)
    made = CdsRequestConstructor().construct_request(
        prefetch_data=call["prefetch"], workflow=workflow, context=call["context"]
    )
    client.requests.append(made)
    (got,) = client.send_requests()
    CDSResponse(**got)
    return got


if __name__ == "__main__":
    main(*sys.argv[1:])
