"""The EHR's data: prefetch first, its FHIR server for the rest. The only code that uses the network."""
