package dev.strata.builder;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.image.Digest;
import dev.strata.image.Image;
import dev.strata.image.Platform;
import dev.strata.plan.FailureException;
import dev.strata.registry.Registry;
import dev.strata.registry.RegistryOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageRunTest {
    @TempDir
    Path folder;

    private void run(boolean sandbox, String... words) throws IOException {

        try (Registry registry = new Registry(RegistryOptions.DEFAULT);
                OpenImages images = new OpenImages(folder, registry)) {
            OpenImages.Opened image = new OpenImages.Opened(
                    "empty", Digest.sha256(new byte[0]), Image.scratch(Platform.parse("linux/amd64")));
            new ImageRun(List.of(words), null, new LinkedHashMap<>(), null, null, List.of(), false, List.of())
                    .in(
                            image,
                            images,
                            new BuildSettings(folder, folder.resolve("temporary"), sandbox, null, 1),
                            line -> {},
                            warning -> {});
        }
    }

    @Test
    void withoutASandboxNoCommandRuns() {
        assertThatThrownBy(() -> run(false, "true"))
                .isInstanceOf(FailureException.class)
                .hasMessageContaining("needs a sandbox");
    }

    @Test
    void anImageWithoutACommandNeedsOne() {
        assertThatThrownBy(() -> run(true))
                .isInstanceOf(FailureException.class)
                .hasMessageContaining("says no command of its own");
    }
}
