from django.apps import AppConfig


class ScanConfig(AppConfig):
    name = "tlsec.scan"
    label = "scan"
