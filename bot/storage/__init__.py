"""The programme database: models, migrations and repositories; the only place that knows SQL."""
