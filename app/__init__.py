"""What a listener's application reads: recommendations over HTTP, and a page."""
