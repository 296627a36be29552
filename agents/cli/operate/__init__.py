"""The commands of an operator: doctor, gateway, rejected, silences, tokens, webhooks."""
