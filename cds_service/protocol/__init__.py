"""CDS Hooks as types: what the specification says, and nothing of this product's own."""
