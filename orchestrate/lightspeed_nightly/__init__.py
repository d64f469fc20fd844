"""Many accounts of Lightspeed Retail in one night; runs in Airflow's environment and in that of the Meltano project."""
