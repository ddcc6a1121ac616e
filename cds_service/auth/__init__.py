"""Who is calling: authentication of clients by JSON Web Token under a strict profile (AUTH-01 to AUTH-17)."""
