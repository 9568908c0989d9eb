package dev.strata.builder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.builder.Retention.Cleaning;
import dev.strata.builder.Retention.Item;
import dev.strata.image.Reference;
import dev.strata.plan.Event;
import dev.strata.plan.Plan;
import dev.strata.registry.Registry;
import dev.strata.registry.RegistryOptions;
import dev.strata.registry.RegistryProgram;
import dev.strata.registry.Waits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The cache in registries that others wrote: filled, found, cleaned up. */
@Timeout(300)
class RealCacheTest {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    @TempDir
    Path folder;

    private void liveThrough(RegistryProgram server) throws IOException {
        Workbench bench = new Workbench(folder.resolve("bench"));
        Reference repository = Reference.parse(server.host() + "/shop-cache");
        bench.cache = Plan.Cache.in(repository);
        bench.file("Dockerfile", "FROM scratch\nCOPY base /\nCOPY changing /\n").file("base", "base");
        String name = server.host() + "/shop:1";
        for (int day = 0; day < 3; day++) {
            bench.clock = Clock.fixed(START.plus(Duration.ofDays(day)), ZoneOffset.UTC);
            bench.fresh().file("changing", "day " + day).digest(name);
            assertThat(bench.events(Event.StepCached.class)).hasSize(day == 0 ? 0 : 1);
            assertThat(bench.events(Event.Warning.class)).isEmpty();
        }
        try (Registry client = new Waits().client(RegistryOptions.DEFAULT)) {
            RegistryCacheCleaner cleaner = new RegistryCacheCleaner(client, repository);
            Cleaning cleaning = cleaner.plan(new Retention(Duration.ofHours(36), null), START.plus(Duration.ofDays(3)));
            assertThat(steps(cleaning.stays()))
                    .as("the newest, and what it stands on")
                    .isEqualTo(2);
            assertThat(steps(cleaning.goes())).isEqualTo(2);
            cleaner.carryOut(cleaning);
            Cleaning after =
                    new RegistryCacheCleaner(client, repository).plan(Retention.ALL, START.plus(Duration.ofDays(3)));
            assertThat(steps(after.stays())).isEqualTo(2);
        }
        bench.fresh().digest(name);
        assertThat(bench.missed()).isEmpty();
        bench.fresh().file("changing", "day 0").digest(name);
        assertThat(bench.missed()).containsExactly("changing changed");
    }

    private static long steps(List<Item> items) {
        return items.stream().filter(item -> item.kind().equals("step")).count();
    }

    @Test
    void debiansRegistryKeepsItAndLetsGoOfIt() throws IOException {
        try (RegistryProgram server = RegistryProgram.debian(Files.createDirectory(folder.resolve("server")))) {
            liveThrough(server);
        }
    }

    @Test
    void theDistributionProjectsRegistryKeepsItAndLetsGoOfIt() throws IOException {
        try (RegistryProgram server = RegistryProgram.distribution(Files.createDirectory(folder.resolve("server")))) {
            liveThrough(server);
        }
    }
}
