"""orchestrate/up starts here."""

from local_cluster.command import app

if __name__ == "__main__":
    app(prog_name="orchestrate/up")
