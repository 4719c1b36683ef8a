"""What the application answers: ``api`` for programs, ``pages`` for people, and what stands before both (``guard``)."""
