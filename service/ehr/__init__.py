"""The EHR's FHIR server, as one call may ask it: the only place with outgoing traffic, beside `auth`."""
