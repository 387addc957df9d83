from django.apps import AppConfig


class PeriodConfig(AppConfig):
    name = "tlsec.period"

    def ready(self) -> None:
        from tlsec.period import wiring

        wiring.connect()
