"""Writers. A shelf: every file edits one form of declaration, defined as `WRITER`."""
