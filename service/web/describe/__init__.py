"""How the interface describes itself: OpenAPI, its page, its examples, and the table of conformance."""
