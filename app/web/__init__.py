"""What the application answers: ``api`` for programs, ``pages`` for browsers, and what stands before both (``guard``)."""
