// Checks resources of KEDA and the Prometheus Operator, as JSON on standard input, against the schemas of their CRDs.
import { readFileSync } from "node:fs";
import { ScaledObject } from "@kubernetes-models/keda/keda.sh/v1alpha1";
import { PrometheusRule, ServiceMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1";

const kinds = { PrometheusRule, ScaledObject, ServiceMonitor };
const found = JSON.parse(readFileSync(0, "utf8")).map((one) => {
  try {
    new kinds[one.kind](one).validate();
    return null;
  } catch (error) {
    return error.message;
  }
});
console.log(JSON.stringify(found));
