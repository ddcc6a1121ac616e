"""What feedback says about the rules: figures, exports, a plot (SAFE-14, KEEP-07). Reads the store and nothing else."""
