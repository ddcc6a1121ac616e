"""What the demo serves: an embedded read-only FHIR endpoint and the bundled sample patients."""
