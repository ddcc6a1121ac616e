"""The guideline pages and what the service publishes about itself: view models and HTML, generated from the code.

No patient data, no HTTP: :mod:`cds_service.web_pages` serves it. ``tables`` puts the rows into words, ``inputs`` says
which data they read, ``transparency`` answers the source attributes, ``versions`` keeps the pages of old versions, and
``render`` makes HTML of them. What only a run can tell (which vignette shows a row, which codes change a feature)
stands in ``measured.json`` and is written by ``make pages``.
"""
