"""FHIR R4: `read` makes facts of resources, `write` makes resources of what was decided.

Nothing outside this package knows what a resource looks like.
"""
