package dev.strata.context;

import dev.strata.image.Platform;
import dev.strata.layer.Bounds;
import dev.strata.registry.Registry;
import dev.strata.registry.RegistryOptions;
import java.nio.file.Path;

/** Contexts wired with what these tests need. */
final class TestContexts {
    private TestContexts() {}

    static Contexts in(Path folder) {
        return in(folder, Bounds.DEFAULT);
    }

    static Contexts in(Path folder, Bounds bounds) {
        return new Contexts(
                folder,
                new Git(folder, null, bounds),
                new Http(null, 1 << 20),
                new Registry(RegistryOptions.DEFAULT),
                Platform.parse("linux/amd64"),
                bounds);
    }
}
