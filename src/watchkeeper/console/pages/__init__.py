"""Pages people see. A shelf: every file is one page; see console/page.py."""
