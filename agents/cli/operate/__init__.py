"""Commands that run the pipeline and look after it: demo, doctor, topics, worker, gateway, webhooks and others."""
