from django.apps import AppConfig


class RegisterConfig(AppConfig):
    name = "tlsec.register"
    label = "register"
