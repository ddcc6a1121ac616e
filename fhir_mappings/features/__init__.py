"""The questions that the guideline asks of a patient, and how a history answers them."""
