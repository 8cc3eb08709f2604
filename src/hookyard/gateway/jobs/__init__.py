"""The routes of jobs, one idea a file; `routes` has all of them."""
