package dev.strata.builder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.image.Reference;
import dev.strata.plan.Plan;
import dev.strata.registry.MemoryRegistry;
import dev.strata.sandbox.BusyboxRoot;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A secret that a command reads decides no key and is in nothing that is kept. */
@Tag("root")
@Timeout(300)
class SecretsStayOutTest {
    @TempDir
    Path folder;

    private boolean holds(Path place, String text) throws IOException {
        try (Stream<Path> files = Files.walk(place)) {
            for (Path file : files.filter(path -> Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS))
                    .toList()) {
                if (new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(text)) {
                    return true;
                }
            }
        }
        return false;
    }

    @Test
    void anotherSecretIsTheSameStepAndNothingKeepsEither() throws IOException {
        Workbench bench = new Workbench(folder);
        bench.sandbox = true;
        BusyboxRoot.make(bench.context.resolve("rootfs"));
        Path secret = Files.createDirectory(folder.resolve("outside")).resolve("secret");
        bench.secrets.put("npm", new Plan.SecretAt(secret.toString(), null));
        bench.file(
                "Dockerfile",
                "FROM scratch\nCOPY rootfs /\nRUN --mount=type=secret,id=npm,required grep -q token /run/secrets/npm\n");
        try (MemoryRegistry registry = MemoryRegistry.start()) {
            bench.cache = Plan.Cache.in(Reference.parse(registry.host() + "/shop-cache"));
            for (String value : List.of("token-first", "token-second")) {
                Files.writeString(secret, value);
                bench.digest(registry.host() + "/shop:1");
                assertThat(holds(bench.state(), value)).isFalse();
                assertThat(registry.holds(value)).isFalse();
            }
            assertThat(bench.missed()).as("with the second value").isEmpty();
        }
        assertThat(holds(folder.resolve("outside"), "token-second"))
                .as("what is looked for can be found")
                .isTrue();
    }
}
