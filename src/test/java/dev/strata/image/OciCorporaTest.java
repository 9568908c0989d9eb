package dev.strata.image;

import com.fasterxml.jackson.databind.JsonNode;
import dev.strata.Corpora;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Documents that the OCI image specification's own tests call valid or invalid. */
@Tag("corpora")
class OciCorporaTest {
    @Test
    void documentsAreJudgedAsTheSchemasSay() {
        Corpora.score("oci", Corpora.cases("oci"), OciCorporaTest::difference);
    }

    private static @Nullable String difference(JsonNode one) {
        String kind = one.path("kind").asText().toUpperCase(Locale.ROOT).replace("IMAGE_", "");
        // The specification's own test of docker's documents reads the media types as OCI's; each is one in itself.
        List<String> faults =
                OciDocument.valueOf(kind).faults(one.path("json").asText().getBytes(StandardCharsets.UTF_8));
        boolean valid = one.path("expected").path("valid").asBoolean();
        return valid == faults.isEmpty() ? null : valid ? faults.toString() : "taken for valid";
    }
}
