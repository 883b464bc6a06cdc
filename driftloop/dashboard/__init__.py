"""The dashboard: ledger rows as pages for people, and as metrics. It knows no Azure and no server."""
