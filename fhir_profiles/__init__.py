"""The public FHIR artefacts of twitch-cds: `files(__name__) / "resources"` holds them as Type-id.json."""
