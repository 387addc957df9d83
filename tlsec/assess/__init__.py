"""Grades, answers, evidence, item states, conclusions: what the grading-protection papers are made from."""
