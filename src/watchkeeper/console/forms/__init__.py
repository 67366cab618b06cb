"""What people do in the console. A shelf: every file is one form, posted to `/do/<file name>/<subject>`."""
