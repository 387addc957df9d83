from django.apps import AppConfig


class WatchConfig(AppConfig):
    name = "tlsec.watch"
    label = "watch"
