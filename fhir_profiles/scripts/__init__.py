"""Makes the artefacts that repeat the knowledge and the running service; README.md says how."""
