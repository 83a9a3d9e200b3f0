"""What an error says to the one who called: what happened, why it matters and what to do next.

Errors carry ids and values (`service/errors.py`); here is where sentences are made of them. An error
that is not named here brings its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from service import errors
from service.errors import Missing, ServiceError

# In what state a key arrived, and why it could not be fetched, by id.
ARRIVED = {
    "first-pages": "only the first pages of it",
    "partial": "only part of it: the client met an error",
    "unsuited": "nothing of its type in it",
    "others": "all of it is about others than context.patientId",
    "failed": "the client could not read it",
    "absent": "not sent",
}
NOT_FETCHED = {
    "not-allowed": "the FHIR server is not one that may be asked for this client",
    "unasked": "fhirServer came without a bearer token in fhirAuthorization; nothing was asked",
    "unauthorized": "the FHIR server did not accept the token",
    "forbidden": "the token does not allow to read it",
    "not-found": "the FHIR server does not have it",
    "refused": "the FHIR server refused to answer the query",
    "busy": "the FHIR server asks for fewer requests",
    "server-error": "the FHIR server failed",
    "redirected": "the FHIR server points to another address",
    "unreachable": "the FHIR server cannot be reached, or hung up",
    "timeout": "the FHIR server did not answer in time",
    "left-alone": "the FHIR server failed repeatedly and is not asked for a while",
    "too-large": "it is more than is read",
    "not-fhir": "the answer is not the FHIR that was asked for",
    "foreign-page": "its next page is at another address",
    "loop": "its pages lead back to each other",
    "miscounted": "the FHIR server counts more than it gives",
}


def words_of(error: ServiceError) -> str:
    """The sentences about an error, without a value from a record."""
    says = SAYS.get(type(error))
    return says(error) if says else str(error)


def _record_not_available(error: errors.RecordNotAvailable) -> str:
    return (
        f"The prefetch did not include {', '.join(map(_of_key, error.missing))}. Send the templates that"
        " GET /cds-services lists, or a fhirServer with fhirAuthorization that may read them."
    )


def _of_key(missing: Missing) -> str:
    """The key, and in brackets what is the matter with it."""
    why = NOT_FETCHED[missing.why] if missing.why else None
    return f"{missing.key} ({'; '.join(filter(None, (ARRIVED[missing.arrival], why)))})"


def _feedback_not_understood(error: errors.FeedbackNotUnderstood) -> str:
    wrong = "; ".join(f"{where} must be {what}" for where, what in error.problems.items())
    others = {0: "Nothing was kept", 1: "The other 1 item was kept"}.get(
        error.kept, f"The other {error.kept} items were kept"
    )
    return f"{wrong}. {others}; what was kept may be sent again without counting twice."


def _several_patients(error: errors.SeveralPatients) -> str:
    return (
        f"The Bundle is about {len(error.references)} patients ({', '.join(error.references[:5])}), and an"
        " assessment is about one. Repeat the request with ?patient=ID, or send one patient's resources."
    )


def _patient_not_in_bundle(error: errors.PatientNotInBundle) -> str:
    return (
        f"Nothing in the Bundle is about {error.reference}, so there is nothing to assess. Check the id, or"
        " send that patient's resources."
    )


def _unknown_service(error: errors.UnknownService) -> str:
    return f"There is no CDS service {error.service_id!r}. GET /cds-services lists: {', '.join(error.known)}."


def _body_too_large(error: errors.BodyTooLarge) -> str:
    return (
        f"The body is larger than {error.limit} bytes. Send fewer resources (the prefetch templates of"
        " GET /cds-services ask for no more than is needed), or raise TWITCH_CDS_MAX_BODY_BYTES."
    )


def _address_not_allowed(error: errors.AddressNotAllowed) -> str:
    return (
        f"This is answered to the addresses of {error.setting} only. Ask from one of them, and not"
        " through a proxy."
    )


def _too_many_requests(error: errors.TooManyRequests) -> str:
    return f"Too many calls in this minute. Try again in {error.retry_after} seconds."


def _always(words: str) -> Callable[[ServiceError], str]:
    return lambda _: words


SAYS: dict[type[ServiceError], Callable[[Any], str]] = {
    errors.RecordNotAvailable: _record_not_available,
    errors.FeedbackNotUnderstood: _feedback_not_understood,
    errors.SeveralPatients: _several_patients,
    errors.PatientNotInBundle: _patient_not_in_bundle,
    errors.UnknownService: _unknown_service,
    errors.BodyTooLarge: _body_too_large,
    errors.AddressNotAllowed: _address_not_allowed,
    errors.TooManyRequests: _too_many_requests,
    errors.BodyTooSlow: _always("The body did not arrive in time. Send it again, whole."),
    errors.ClientNotTrusted: _always(
        "The client is not trusted. Send a valid JWT of a registered client as a bearer token."
    ),
    errors.NotAcceptable: _always(
        "FHIR resources are given as JSON here. Send Accept: application/fhir+json, and no other _format."
    ),
    errors.StoreNotAvailable: _always(
        "The service's database does not answer, so this could not be done. Repeat it later."
    ),
    errors.NothingKept: _always(
        "The service's database does not answer, so nothing was kept. Repeat it later."
    ),
}
