"""Django's handle of this room."""

from __future__ import annotations

from django.apps import AppConfig


class InventoryConfig(AppConfig):
    name = "tlsec.inventory"
    label = "inventory"
