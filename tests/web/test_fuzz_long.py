"""What the description promises holds for whatever is sent: Schemathesis makes it up."""

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

# The same every time, and enough to meet each part of a body once or twice.
MADE_UP = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    negative_data_rejection,
    unsupported_method,
]


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_whatever_is_sent_the_answer_is_one_that_the_description_knows(
    app: Flask, mode: GenerationMode
) -> None:
    interface = schemathesis.openapi.from_wsgi("/openapi.json", app)
    operations = [found.ok() for found in interface.get_all_operations()]
    if mode is GenerationMode.NEGATIVE:
        operations = [each for each in operations if each.body or each.query]

    for operation in operations:
        assert answered(operation, mode)


def answered(operation: APIOperation, mode: GenerationMode) -> set[int]:
    """The statuses with which the operation answered; every answer was as described."""
    statuses = set()

    @MADE_UP
    @given(case=operation.as_strategy(generation_mode=mode))
    def holds(case: schemathesis.Case) -> None:
        statuses.add(case.call_and_validate(checks=CHECKS).status_code)

    holds()
    return statuses
