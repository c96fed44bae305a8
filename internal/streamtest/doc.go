// Package streamtest tests the built program from outside: processes that are killed, on the embedded broker and, where
// KOTOMORI_KAFKA_LIB names the folder of its jars, on a real Apache Kafka (make test-kafka).
package streamtest
