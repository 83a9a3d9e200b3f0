"""Everything that we raise on purpose.

    ServiceError
    ├── RequestNotUnderstood      what was sent is not what the address takes
    │   ├── BodyTooLarge
    │   ├── BodyTooSlow
    │   ├── NotJson               the content type or the syntax
    │   ├── NotABundle            JSON, but no FHIR Bundle that we read
    │   └── FeedbackNotUnderstood  some items of a feedback call
    ├── SeveralPatients           a Bundle about more than one person
    ├── PatientNotInBundle        a Bundle about others than the one to assess
    ├── UnknownService            no CDS service of that id
    ├── RecordNotAvailable        the prefetch lacks what the decision needs
    ├── ClientNotTrusted          no token, or not one that we accept
    ├── AddressNotAllowed         a page for the operators, asked for from elsewhere
    ├── TooManyRequests           the client's rate limit
    ├── NotFound                  no such artefact or page
    ├── NotAcceptable             an answer in a form that we do not give
    ├── StoreNotAvailable         the database does not answer
    ├── KnowledgeInvalid          our own files contradict themselves: do not start
    └── SettingsInvalid           a file of settings cannot be followed: do not start

Messages say what happened, why it matters and what to do next. They hold names of
fields, resource types and ids, never a value from a patient's record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class ServiceError(Exception):
    """What happened, in words for the one who called us."""


class RequestNotUnderstood(ServiceError):
    """The request is not what the address takes; `where` names the member at fault."""

    def __init__(self, message: str, *, where: str | None = None) -> None:
        super().__init__(message)
        self.where = where


class BodyTooLarge(RequestNotUnderstood):
    """The body is larger than the service reads."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"The body is larger than {limit} bytes. Send fewer resources (the prefetch templates of"
            " GET /cds-services ask for no more than is needed), or raise TWITCH_CDS_MAX_BODY_BYTES."
        )


class BodyTooSlow(RequestNotUnderstood):
    """The body did not arrive in the time that a request has."""

    def __init__(self) -> None:
        super().__init__("The body did not arrive in time. Send it again, whole.")


class NotJson(RequestNotUnderstood):
    """The body is not JSON, or does not say that it is; `media_type` tells the two apart."""

    def __init__(self, message: str, *, media_type: bool = False) -> None:
        super().__init__(message)
        self.media_type = media_type


class NotABundle(RequestNotUnderstood):
    """The body is JSON, but no FHIR Bundle that we read."""


class FeedbackNotUnderstood(RequestNotUnderstood):
    """Some items of a feedback call could not be kept; `problems` says what each member at fault must be."""

    def __init__(self, problems: Mapping[str, str], *, kept: int) -> None:
        self.problems = dict(problems)
        others = {0: "Nothing was kept", 1: "The other 1 item was kept"}.get(
            kept, f"The other {kept} items were kept"
        )
        wrong = "; ".join(f"{where} must be {what}" for where, what in self.problems.items())
        super().__init__(f"{wrong}. {others}; what was kept may be sent again without counting twice.")


class SeveralPatients(ServiceError):
    """The resources are about more than one person, and nothing says whom to assess."""

    def __init__(self, references: Sequence[str]) -> None:
        super().__init__(
            f"The Bundle is about {len(references)} patients ({', '.join(references[:5])}), and an"
            " assessment is about one. Repeat the request with ?patient=ID, or send one patient's resources."
        )


class PatientNotInBundle(ServiceError):
    """Everything in the Bundle is about somebody else than the patient who is to be assessed."""

    def __init__(self, reference: str) -> None:
        super().__init__(
            f"Nothing in the Bundle is about {reference}, so there is nothing to assess. Check the id, or"
            " send that patient's resources."
        )


class UnknownService(ServiceError):
    """No CDS service has this id."""

    def __init__(self, service_id: str, known: Sequence[str]) -> None:
        super().__init__(
            f"There is no CDS service {service_id!r}. GET /cds-services lists: {', '.join(known)}."
        )


class RecordNotAvailable(ServiceError):
    """The patient's record did not come with the request, and could not be fetched."""

    def __init__(self, missing: Sequence[str]) -> None:
        self.missing = tuple(missing)
        super().__init__(
            f"The prefetch did not include {', '.join(missing)}. Send the templates listed by"
            " GET /cds-services, or a fhirServer with fhirAuthorization that may read them."
        )


class ClientNotTrusted(ServiceError):
    """The token is absent or not accepted; `reason` is for the log, never for the answer.

    `issuer` is the registered client that the token names, None if it names none; until
    the signature is checked anybody may have written the token.
    """

    def __init__(self, reason: str, *, issuer: str | None = None) -> None:
        super().__init__(
            "The client is not trusted. Send a valid JWT of a registered client as a bearer token."
        )
        self.reason = reason
        self.issuer = issuer


class AddressNotAllowed(ServiceError):
    """The page is for some addresses only, and the caller has another one; `setting` names them."""

    def __init__(self, setting: str) -> None:
        super().__init__(
            f"This is answered to the addresses of {setting} only. Ask from one of them, and not"
            " through a proxy."
        )


class TooManyRequests(ServiceError):
    """The client has used up its calls for this minute."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many calls in this minute. Try again in {retry_after} seconds.")
        self.retry_after = retry_after


class NotFound(ServiceError):
    """There is nothing at this address."""


class NotAcceptable(ServiceError):
    """The client wants the answer in a form that we do not give."""

    def __init__(self) -> None:
        super().__init__(
            "FHIR resources are given as JSON here. Send Accept: application/fhir+json, and no other _format."
        )


class StoreNotAvailable(ServiceError):
    """The database does not answer, and what was asked cannot be done without it."""

    def __init__(self, so: str = "this could not be done") -> None:
        super().__init__(f"The service's database does not answer, so {so}. Repeat it later.")


class KnowledgeInvalid(ServiceError):
    """Our knowledge files contradict themselves or lack something; the program stops with every problem."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("The clinical knowledge is not sound:\n" + "\n".join(f"  - {p}" for p in problems))


class SettingsInvalid(ServiceError):
    """A file of settings cannot be followed as it stands; the program stops with every problem."""

    def __init__(self, file: str, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            f"{file} cannot be followed, and nobody is served until it can:\n"
            + "\n".join(f"  - {p}" for p in problems)
        )
