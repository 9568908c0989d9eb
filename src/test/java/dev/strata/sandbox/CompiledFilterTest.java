package dev.strata.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CompiledFilterTest {
    @TempDir
    Path folder;

    private final CompiledFilter filter = new CompiledFilter();
    private final Map<String, Object> config = new HashMap<>();
    private final Map<String, Object> hooks = new HashMap<>();

    private void into() {
        config.clear();
        hooks.clear();
        filter.into(config, hooks, folder.resolve("seccomp.bpf"), folder.resolve("filter"));
    }

    @Test
    void theFirstContainerIsAskedForIt() {
        into();
        assertThat(config).isEmpty();
        assertThat(String.valueOf(hooks.get("poststart")))
                .contains(folder.resolve("seccomp.bpf").toString())
                .contains(folder.resolve("filter").toString());
    }

    @Test
    void theNextOnesAreGivenIt() throws IOException {
        filter.keep(Files.write(folder.resolve("filter"), new byte[] {6, 0, 0, 0, 0, 0, -1, 127}));
        into();
        assertThat(hooks).isEmpty();
        assertThat(config).containsEntry("annotations", Map.of("run.oci.seccomp_bpf_data", "BgAAAAAA/38="));
    }

    @Test
    void whatIsNoWholeFilterIsNotKept() throws IOException {
        filter.keep(folder.resolve("filter"));
        filter.keep(Files.createFile(folder.resolve("filter")));
        filter.keep(Files.write(folder.resolve("filter"), new byte[12]));
        into();
        assertThat(config).isEmpty();
    }
}
