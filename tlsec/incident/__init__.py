"""Warnings to units (预警通报) and incidents (事件): from proposal to receipt, from discovery to summary."""
