// Reads resources of Strimzi, a JSON array on standard input, with Strimzi's own classes; prints what is wrong with each, or null.

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import io.strimzi.api.kafka.model.topic.KafkaTopic;
import io.strimzi.api.kafka.model.user.KafkaUser;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

public class Strimzi {
    static final Map<String, Class<?>> KINDS = Map.of("KafkaTopic", KafkaTopic.class, "KafkaUser", KafkaUser.class);

    /** Strimzi keeps fields it does not know and warns of them later: here they are an error. */
    static class Strict extends JacksonAnnotationIntrospector {
        @Override
        public Boolean hasAnySetter(Annotated field) {
            return false;
        }

        /** What is as it would be anyway is written, too. */
        @Override
        public JsonInclude.Value findPropertyInclusion(Annotated field) {
            return JsonInclude.Value.construct(JsonInclude.Include.ALWAYS, JsonInclude.Include.ALWAYS);
        }
    }

    static final ObjectMapper MAPPER = new ObjectMapper()
        .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
        .setAnnotationIntrospector(new Strict());

    public static void main(String[] arguments) throws Exception {
        List<String> said = new ArrayList<>();
        for (JsonNode given : MAPPER.readTree(System.in)) {
            said.add(complaint(given));
        }
        System.out.println(MAPPER.writeValueAsString(said));
    }

    static String complaint(JsonNode given) {
        try {
            Object read = MAPPER.treeToValue(given, KINDS.get(given.get("kind").asText()));
            return lost(given, MAPPER.valueToTree(read), "$");
        } catch (Exception error) {
            return error.getMessage();
        }
    }

    /** The first value that does not come back as it was given: a word that none of theirs is becomes nothing. */
    static String lost(JsonNode given, JsonNode read, String at) {
        if (given.isObject() && read != null && read.isObject()) {
            for (Map.Entry<String, JsonNode> one : given.properties()) {
                String found = lost(one.getValue(), read.get(one.getKey()), at + "." + one.getKey());
                if (found != null) {
                    return found;
                }
            }
            return null;
        }
        if (given.isArray() && read != null && read.isArray() && given.size() == read.size()) {
            for (int place = 0; place < given.size(); place++) {
                String found = lost(given.get(place), read.get(place), at + "[" + place + "]");
                if (found != null) {
                    return found;
                }
            }
            return null;
        }
        return given.equals(read) ? null : at + ": " + given + " is read as " + read;
    }
}
