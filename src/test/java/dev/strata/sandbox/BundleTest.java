package dev.strata.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BundleTest {
    @TempDir
    Path folder;

    private RunCommand command(boolean networkNone) throws IOException {
        return new RunCommand(
                Files.createDirectories(folder.resolve("root")),
                List.of("true"),
                new LinkedHashMap<>(),
                "/",
                0,
                0,
                List.of(),
                List.of(),
                networkNone,
                List.of(),
                false);
    }

    /** As in a pod that somebody has made with fewer rights than Strata's own have. */
    private static final Place WITHOUT_NET_ADMIN = new Place(List.of("CAP_SYS_ADMIN", "CAP_CHOWN"), true, true, false);

    @Test
    void aNetworkOfItsOwnIsRefusedWhereItCannotBeSetUp() throws IOException {
        RunCommand alone = command(true);
        assertThatThrownBy(() -> Bundle.make(alone, folder, WITHOUT_NET_ADMIN, null, null))
                .isInstanceOfSatisfying(SandboxException.class, refused -> {
                    assertThat(refused)
                            .hasMessageContaining("RUN --network=none")
                            .hasMessageContaining("NET_ADMIN");
                    assertThat(refused.mend()).contains("isolation");
                });
        assertThat(folder.toFile().list()).as("nothing stays behind").containsExactly("root");
    }

    @Test
    void aLimitOfProcessesIsTheContainersOwn() throws IOException {
        RunCommand command = command(false);
        try (Bundle bundle = Bundle.make(command, folder, WITHOUT_NET_ADMIN, 512L, null)) {
            assertThat(Files.readString(bundle.folder().resolve("config.json")))
                    .contains("RLIMIT_NPROC")
                    .contains("512");
        }
        try (Bundle bundle = Bundle.make(command, folder, WITHOUT_NET_ADMIN, null, null)) {
            assertThat(Files.readString(bundle.folder().resolve("config.json"))).doesNotContain("rlimits");
        }
    }
}
