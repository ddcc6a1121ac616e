"""CDS Hooks in, cards out: the service around the guideline for recurrent cervical squamous cell carcinoma."""
