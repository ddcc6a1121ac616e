"""What the guideline says: features in, decisions out; no FHIR, no HTTP, no clock."""
