"""The pages written from the declarations: docs/streams.md, the picture in it, and the table in docs/target.md."""
