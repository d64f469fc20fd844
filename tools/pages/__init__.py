"""The pages that are written from the declarations: docs/streams.md, and the picture in it."""
