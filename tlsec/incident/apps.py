from django.apps import AppConfig


class IncidentConfig(AppConfig):
    name = "tlsec.incident"
