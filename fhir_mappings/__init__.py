"""FHIR in, recurrence features out; proposals back to FHIR. Knows nothing of CDS Hooks or HTTP."""
