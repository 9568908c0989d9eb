package dev.strata;

import dev.strata.image.ImageConfig;
import dev.strata.image.Index;
import dev.strata.image.Json;
import dev.strata.image.Manifest;
import dev.strata.image.Platform;
import dev.strata.layer.DiskTree;
import dev.strata.plan.Plan;
import dev.strata.registry.Registry;
import dev.strata.registry.RegistryOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;

/**
 * What every build needs sooner or later, loaded by one processor while the other still reads the command line. Java
 * loads things when they are first used, one after the other; of a build that finds all its steps in the cache that is
 * most of the time.
 */
final class HeadStart {
    /** What a builder reads before it can begin with anything. */
    private static final String PLAN = """
            {"source":{"type":"git","url":""},"dockerfile":{},"platform":{"os":"","architecture":""},"output":{},"cache":{}}""";

    private HeadStart() {}

    static void begin(String command) {
        start(HeadStart::connections);
        start(() -> documents(command.equals("builder")));
    }

    private static void start(Runnable work) {
        Thread.ofPlatform().name("head-start").daemon().start(work);
    }

    private static void connections() {
        try (Registry registry = new Registry(RegistryOptions.DEFAULT)) {
            registry.warmUp();
        } catch (RuntimeException e) {
            // Whatever is wrong here is wrong in the build, which says so.
        }
    }

    private static void documents(boolean planned) {
        try {
            if (planned) {
                Json.read(PLAN.getBytes(StandardCharsets.UTF_8), Plan.class);
            }
            new DiskTree(Path.of("/")).find("tmp");
            Json.read(Json.bytes(ImageConfig.scratch(Platform.host())), ImageConfig.class);
            Json.read("{\"created\":\"2001-02-03T04:05:06Z\"}".getBytes(StandardCharsets.UTF_8), ImageConfig.class);
            Json.read(Json.bytes(Index.of(List.of(), Collections.emptySortedMap())), Index.class);
            Json.read("{\"layers\":[]}".getBytes(StandardCharsets.UTF_8), Manifest.class);
        } catch (IOException | RuntimeException e) {
            // Whatever is wrong here is wrong in the build, which says so.
        }
    }
}
