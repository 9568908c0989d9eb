package dev.strata.builder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.graph.CacheKey;
import dev.strata.graph.CacheRecord;
import dev.strata.graph.FileSystem;
import dev.strata.image.Blobs;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import dev.strata.layer.Bounds;
import dev.strata.layer.Change;
import dev.strata.layer.Compression;
import dev.strata.layer.Content;
import dev.strata.layer.LayerWriter;
import dev.strata.layer.Metadata;
import dev.strata.layer.Node;
import dev.strata.layer.Written;
import dev.strata.plan.Event;
import dev.strata.plan.Plan;
import dev.strata.registry.MemoryRegistry;
import dev.strata.registry.Registry;
import dev.strata.registry.RegistryOptions;
import dev.strata.registry.Waits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is known of a place in a Dockerfile before any key is. */
class StepCacheTest {
    private static final String PLACE = Platform.host() + " Dockerfile ";

    @TempDir
    Path folder;

    private final MemoryRegistry registry = MemoryRegistry.start();
    private final Registry client = new Waits().client(RegistryOptions.DEFAULT);
    private Reference repository;

    @BeforeEach
    void build() {
        repository = Reference.parse(registry.host() + "/shop-cache");
        Workbench bench = new Workbench(folder);
        bench.cache = Plan.Cache.in(repository);
        bench.file("Dockerfile", "FROM scratch\nCOPY a /\n").file("a", "a").digest(registry.host() + "/shop:1");
    }

    @AfterEach
    void end() {
        client.close();
        registry.close();
    }

    private boolean isNew(String state, boolean far, String place, String slot) throws IOException {
        Path own = folder.resolve(state);
        Blobs blobs = new Blobs(own.resolve("store"));
        List<RegistryCache> repositories =
                far ? List.of(new RegistryCache(client, repository, blobs, Clock.systemUTC())) : List.of();
        try (LayerStore layers = new LayerStore(own, blobs, client, Bounds.DEFAULT);
                StepCache cache = new StepCache(
                        own.resolve("records"), null, layers, repositories, place, event -> {}, Clock.systemUTC())) {
            return cache.isNew(slot);
        }
    }

    @Test
    void aPlaceIsNewWhereNothingWasKeptOfIt() throws IOException {
        assertThat(isNew("state", false, PLACE, "stage-0/1")).isFalse();
        assertThat(isNew("state", false, PLACE, "stage-0/2")).isTrue();
        assertThat(isNew("elsewhere", false, PLACE, "stage-0/1")).isTrue();
    }

    /** A layer that was made, and the record of its step that was kept. */
    private void kept(Path own, List<Event> events, boolean room) throws IOException {
        Blobs blobs = new Blobs(own.resolve("store"));
        try (LayerStore layers = new LayerStore(own, blobs, client, Bounds.DEFAULT);
                StepCache cache = new StepCache(
                        own.resolve("records"), null, layers, List.of(), PLACE, events::add, Clock.systemUTC());
                EarlyUpload upload = layers.earlyUpload(false)) {
            if (!room) {
                Files.delete(own.resolve("indexes"));
            }
            Change change = new Change.Put("d", new Node.Directory(Metadata.of(0755, 0, 0, 0)));
            Written written =
                    LayerWriter.write(List.of(change), Content.of(EmptyTree.INSTANCE), Compression.GZIP, null, blobs);
            layers.made(written, upload);
            FileSystem.Made made = new FileSystem.Made(written.layer(), written.tarSize(), null);
            SequencedMap<String, String> ingredients = new LinkedHashMap<>(Map.of("step", "COPY"));
            cache.put(new CacheRecord(
                    new CacheKey("0".repeat(64)), "stage-0/1", ingredients, List.of(), made, Instant.EPOCH));
            if (room) {
                assertThat(own.resolve("indexes")
                                .resolve(written.layer().diffId().hex()))
                        .as("what is in the layer, when the record is kept")
                        .isRegularFile();
            }
            assertThat(cache.latest("stage-0/1")).isPresent();
        }
    }

    @Test
    void aRecordIsKeptAfterWhatIsInItsLayer() throws IOException {
        List<Event> events = new ArrayList<>();
        kept(folder.resolve("elsewhere"), events, true);
        assertThat(events).isEmpty();
    }

    @Test
    void whatIsInALayerAndCannotBeKeptIsAWarning() throws IOException {
        List<Event> events = new ArrayList<>();
        kept(folder.resolve("elsewhere"), events, false);
        assertThat(events)
                .singleElement()
                .isInstanceOfSatisfying(
                        Event.Warning.class,
                        warning -> assertThat(warning.message())
                                .contains("what is in a layer cannot be kept", "the build goes on"));
    }

    @Test
    void noPlaceOfABuildThatARepositoryRemembersIsNewAnywhere() throws IOException {
        assertThat(isNew("elsewhere", true, PLACE, "stage-0/1")).isFalse();
        assertThat(isNew("elsewhere", true, "another", "stage-0/2")).isTrue();
    }
}
