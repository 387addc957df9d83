"""Channels that carry a message to people: DingTalk, WeCom, Feishu, SMTP, SMS, syslog, webhook. No Django."""
