"""This tap and its peers side by side on the sandbox: see README.md."""
