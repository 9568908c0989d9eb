package dev.strata.builder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.image.Blobs;
import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.image.Json;
import dev.strata.image.Layout;
import dev.strata.image.MediaTypes;
import dev.strata.image.Platform;
import dev.strata.plan.Event;
import dev.strata.plan.Failure;
import dev.strata.plan.Outcome;
import dev.strata.plan.Plan;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole builds without a network and without RUN: what they warn of. */
class BuildWarningsTest {
    @TempDir
    Path folder;

    private static final String FROM_BASE = "FROM base\nLABEL a=b\n";

    private final List<Event> events = new ArrayList<>();

    private Outcome build(String dockerfile, SortedMap<String, Plan.Source> contexts) {
        Plan plan = new Plan(
                "shop",
                new Plan.Source.Empty(),
                new Plan.DockerfileAt(null, dockerfile),
                null,
                new LinkedHashMap<>(),
                Platform.parse("linux/amd64"),
                new TreeMap<>(),
                new TreeMap<>(),
                contexts,
                List.of(),
                "default",
                false,
                new Plan.Output(List.of(), List.of(), new TreeMap<>(), new TreeMap<>(), "gzip", null),
                Plan.Cache.NONE,
                false,
                List.of(),
                false,
                null,
                Plan.Registries.NONE,
                null,
                null,
                null);
        BuildSettings settings =
                new BuildSettings(folder.resolve("state"), folder.resolve("temporary"), false, null, 2);
        return new Build(plan, settings, events::add, Clock.systemUTC()).run();
    }

    private List<String> warnings() {
        return events.stream()
                .filter(Event.Warning.class::isInstance)
                .map(Event.Warning.class::cast)
                .map(warning -> warning.where() + " " + warning.message())
                .toList();
    }

    /** An image of one platform without layers, in a layout. */
    private SortedMap<String, Plan.Source> base(String architecture) throws IOException {
        Path place = folder.resolve("base");
        Layout layout = new Layout(place);
        byte[] config = Json.bytes(Map.of(
                "os",
                "linux",
                "architecture",
                architecture,
                "config",
                Map.of(),
                "rootfs",
                Map.of("type", "layers", "diff_ids", List.of())));
        Digest configDigest = put(layout.blobs(), config);
        byte[] manifest =
                """
                {"schemaVersion": 2, "mediaType": "%s", "layers": [],
                 "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "%s", "size": %d}}
                """.formatted(MediaTypes.MANIFEST, configDigest, config.length).getBytes(StandardCharsets.UTF_8);
        layout.put("base", new Descriptor(MediaTypes.MANIFEST, put(layout.blobs(), manifest), manifest.length));
        SortedMap<String, Plan.Source> contexts = new TreeMap<>();
        contexts.put("base", new Plan.Source.OciLayout(place.toString(), null));
        return contexts;
    }

    private static Digest put(Blobs blobs, byte[] bytes) throws IOException {
        try (Blobs.Ingest ingest = blobs.begin(Digest.sha256(bytes))) {
            ingest.write(bytes);
            return ingest.commit(null);
        }
    }

    @Test
    void everyFindingIsAWarningWithItsPlace() {
        assertThat(build("FROM scratch\nLABEL key value\nMAINTAINER me\n", new TreeMap<>()))
                .isInstanceOf(Outcome.Built.class);
        assertThat(warnings()).hasSize(2);
        assertThat(warnings().getFirst()).startsWith("Dockerfile:2 LegacyKeyValueFormat: ");
        assertThat(warnings().getLast()).startsWith("Dockerfile:3 MaintainerDeprecated: ");
    }

    @Test
    void aFileThatAsksForItFailsByItsFindings() {
        Outcome outcome = build("# check=error=true\nFROM scratch\nMAINTAINER me\n", new TreeMap<>());

        assertThat(warnings()).hasSize(1);
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Failed.class, failed -> {
            assertThat(failed.failure().cause()).isEqualTo(Failure.Cause.USER);
            assertThat(failed.failure().where()).isEqualTo("Dockerfile:3");
        });
    }

    @Test
    void aFindingThatBuildKitDoesNotKnowFailsNoFileThatAsksForIt() throws IOException {
        String file = "# check=skip=FromPlatformFlagConstDisallowed;error=true\n" + FROM_BASE
                + "ADD https://127.0.0.1:1/a /\n";
        build(file, base("amd64"));
        assertThat(warnings()).singleElement().asString().contains("AddUrlWithoutChecksum");
    }

    @Test
    void aBaseOfAnotherPlatformIsFoundOnceItIsKnown() throws IOException {
        assertThat(build(FROM_BASE, base("arm64"))).isInstanceOf(Outcome.Built.class);
        assertThat(warnings())
                .singleElement()
                .satisfies(warning -> assertThat(warning)
                        .startsWith("Dockerfile:1 InvalidBaseImagePlatform: ")
                        .contains("linux/arm64", "linux/amd64"));
    }

    @Test
    void aBaseOfTheRightPlatformGivesNoWarning() throws IOException {
        build(FROM_BASE, base("amd64"));
        assertThat(warnings()).isEmpty();
    }

    @Test
    void theRuleCanBeSwitchedOff() throws IOException {
        build("# check=skip=InvalidBaseImagePlatform\n" + FROM_BASE, base("arm64"));
        assertThat(warnings()).isEmpty();
    }
}
