"""Told-fact recall: episodes, arms, scoring and the report (`techo evaluate`)."""
