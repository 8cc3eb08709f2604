"""`/api/v1/schedules`: rules that create jobs by time."""
