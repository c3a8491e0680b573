"""Parity with lm-evaluation-harness: see README.md."""
