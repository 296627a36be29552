import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowStore;

/** Kafka Streams, Processor API: ids seen in a RocksDB window store (2 days), the days of each flow in another store. */
public class Totals {
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Report(String id, String flow, String period, long people, String published) {}

    public record Total(String flow, String day, long total, long rolling7, Double baseline, String at) {}

    static final int KEEP = 16, IDS = 2;
    static final ObjectMapper JSON = new ObjectMapper();

    /** Newest day, then KEEP slots (day mod KEEP) of totals, then KEEP flags of days alerted. */
    static class Days {
        final ByteBuffer bytes;

        Days(byte[] stored) {
            bytes = ByteBuffer.wrap(stored == null ? new byte[8 + KEEP * 9] : stored);
        }

        long newest() {
            return bytes.getLong(0);
        }

        void advance(long day) {
            for (long d = Math.max(newest() + 1, day - KEEP + 1); d <= day; d++) {
                bytes.putLong(at(d), -1);
                bytes.put(8 + KEEP * 8 + (int) (d % KEEP), (byte) 0);
            }
            bytes.putLong(0, day);
        }

        int at(long day) {
            return 8 + (int) (day % KEEP) * 8;
        }

        long get(long day) {
            return day <= newest() - KEEP || day > newest() ? -1 : bytes.getLong(at(day));
        }

        void add(long day, long people) {
            bytes.putLong(at(day), Math.max(0, get(day)) + people);
        }

        boolean alertOnce(long day) {
            int index = 8 + KEEP * 8 + (int) (day % KEEP);
            boolean was = bytes.get(index) == 1;
            bytes.put(index, (byte) 1);
            return !was;
        }
    }

    static class Roll implements Processor<String, byte[], String, byte[]> {
        ProcessorContext<String, byte[]> context;
        WindowStore<String, byte[]> ids;
        KeyValueStore<String, byte[]> days;

        public void init(ProcessorContext<String, byte[]> given) {
            context = given;
            ids = given.getStateStore("ids");
            days = given.getStateStore("days");
        }

        void send(Record<String, byte[]> from, String to, Object value) throws Exception {
            context.forward(from.withValue(JSON.writeValueAsBytes(value)), to);
        }

        public void process(Record<String, byte[]> record) {
            try {
                Report report = JSON.readValue(record.value(), Report.class);
                String flow = report.flow();
                long day = LocalDate.parse(report.period().substring(0, 10)).toEpochDay();
                long start = Instant.parse(report.period().substring(0, report.period().indexOf('/'))).toEpochMilli();
                String id = flow + "|" + report.id();
                if (ids.fetch(id, start) != null) return;
                ids.put(id, new byte[0], start);
                Days held = new Days(days.get(flow));
                if (day > held.newest()) held.advance(day);
                if (day <= held.newest() - KEEP) return;
                held.add(day, report.people());
                for (long d = day; d <= Math.min(held.newest(), day + 6); d++) {
                    long people = held.get(d);
                    if (people < 0) continue;
                    long history = 0, week = people;
                    int known = 0;
                    for (long one = d - 7; one < d; one++) {
                        long there = held.get(one);
                        if (there >= 0) {
                            history += there;
                            known++;
                            if (one > d - 7) week += there;
                        }
                    }
                    Double mean = known == 7 ? history / 7.0 : null;
                    Total total = new Total(flow, LocalDate.ofEpochDay(d).toString(), people, week, mean, report.published());
                    send(record, "totals", total);
                    if (d == day && mean != null && people > 1.3 * mean && held.alertOnce(d)) send(record, "alerts", total);
                }
                days.put(flow, held.bytes.array());
            } catch (Exception error) {
                throw new RuntimeException(error);
            }
        }
    }

    public static void main(String[] arguments) {
        var environment = System.getenv();
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, environment.get("GROUP"));
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, environment.get("BROKER"));
        settings.put(StreamsConfig.STATE_DIR_CONFIG, environment.get("STATE_DIR"));
        settings.put("auto.offset.reset", "earliest");
        settings.put("group.instance.id", environment.get("INSTANCE"));
        if (environment.containsKey("EOS")) {
            settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        }
        var text = Serdes.String();
        var bytes = Serdes.ByteArray();
        Topology topology = new Topology();
        topology.addSource("reports", text.deserializer(), bytes.deserializer(), environment.get("IN_TOPIC"));
        topology.addProcessor("roll", Roll::new, "reports");
        var ids = Stores.persistentWindowStore("ids", Duration.ofDays(IDS), Duration.ofDays(1), false);
        topology.addStateStore(Stores.windowStoreBuilder(ids, text, bytes), "roll");
        var days = Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore("days"), text, bytes).withCachingEnabled();
        topology.addStateStore(days, "roll");
        topology.addSink("totals", environment.get("OUT_TOPIC"), text.serializer(), bytes.serializer(), "roll");
        topology.addSink("alerts", environment.get("ALERT_TOPIC"), text.serializer(), bytes.serializer(), "roll");
        KafkaStreams streams = new KafkaStreams(topology, settings);
        Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
        bordertally.streams.start();
    }
}
