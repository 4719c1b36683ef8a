"""What a listener's application reads: recommendations over HTTP, and a page.

``store`` says what can be asked, ``lake_store`` and ``postgres_store`` answer it, ``api`` and ``pages`` put it into
JSON and HTML, ``guard`` stands before both. Nothing here writes, and no listener's name or e-mail is read.
"""

from conf.program import settle_module

settle_module()
