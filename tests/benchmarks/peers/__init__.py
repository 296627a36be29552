"""The same job on other engines. In the environment: BROKER IN_TOPIC OUT_TOPIC ALERT_TOPIC GROUP INSTANCE STATE_DIR."""
