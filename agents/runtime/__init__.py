"""What every long-running process needs: context, logs, metrics, tracing, health, lag, reloading."""
