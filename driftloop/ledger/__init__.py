"""What was checked, what was found, and what it started: the record that makes one drift one retrain.

This room holds the rows and the rules, as plain functions. A `Ledger` only stores: Azure Table Storage in the function
app, and SQLite where tests need no service; one contract test holds for both.
"""
