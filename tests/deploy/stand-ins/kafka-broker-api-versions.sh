#!/bin/sh
# As the script of Apache Kafka.
exec java -Xmx256M -cp '/opt/kafka/libs/*' org.apache.kafka.tools.BrokerApiVersionsCommand "$@"
