"""The workbench of the sandbox: pure view models of a record, of the guideline's walk through it, and of the cards.

Nothing here knows Flask or the network; ``web_workbench`` serves it.
"""
