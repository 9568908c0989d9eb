package dev.strata.builder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.image.Blobs;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import dev.strata.layer.Bounds;
import dev.strata.plan.Plan;
import dev.strata.registry.MemoryRegistry;
import dev.strata.registry.Registry;
import dev.strata.registry.RegistryOptions;
import dev.strata.registry.Waits;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
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

    @Test
    void noPlaceOfABuildThatARepositoryRemembersIsNewAnywhere() throws IOException {
        assertThat(isNew("elsewhere", true, PLACE, "stage-0/1")).isFalse();
        assertThat(isNew("elsewhere", true, "another", "stage-0/2")).isTrue();
    }
}
