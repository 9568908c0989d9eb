package dev.strata.operator;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import com.fasterxml.jackson.databind.JsonNode;
import dev.strata.image.Json;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** The logs as JSON, as logback.xml sets the encoder up, carry the build's name where machines look for it. */
class StructuredLogTest {
    @Test
    void aLineHasTheBuildsName() throws IOException {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        Logger logger = context.getLogger(ImageBuildReconciler.class);
        JsonEncoder encoder = new JsonEncoder();
        encoder.setContext(context);
        encoder.setWithFormattedMessage(true);
        encoder.start();
        try (var _ = MDC.putCloseable("build", "team-a/shop")) {
            ILoggingEvent event = new LoggingEvent(
                    StructuredLogTest.class.getName(),
                    logger,
                    ch.qos.logback.classic.Level.INFO,
                    "started",
                    null,
                    null);

            JsonNode line = Json.MAPPER.readTree(encoder.encode(event));

            assertThat(line.at("/mdc/build").asText()).isEqualTo("team-a/shop");
            assertThat(line.path("formattedMessage").asText()).isEqualTo("started");
        }
    }
}
