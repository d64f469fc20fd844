"""The recipes of docs/recipes, followed word for word."""
