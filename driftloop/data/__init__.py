"""Files and tables as typed columns, and the schema that says what each column is."""
