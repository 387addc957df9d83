"""What other systems say (syslog, CEF, Suricata, Alertmanager, webhooks, sheets) read into events. No Django."""
