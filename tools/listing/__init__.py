"""What Meltano Hub lists of the tap and the target."""
