"""A report to look at: one HTML file out of the marts, a page on sales and stock and a page on the pipeline."""
