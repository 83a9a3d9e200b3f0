"""What was decided, as FHIR R4: draft orders, a CarePlan, Parameters, and the published artefacts."""
