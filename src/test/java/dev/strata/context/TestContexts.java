package dev.strata.context;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.image.Platform;
import dev.strata.registry.Registry;
import dev.strata.registry.RegistryOptions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Contexts wired with what these tests need. */
final class TestContexts {
    private TestContexts() {}

    static Contexts in(Path folder) {
        return new Contexts(
                folder,
                new Git(folder, null),
                new Http(null, 1 << 20),
                new Registry(RegistryOptions.DEFAULT),
                Platform.parse("linux/amd64"),
                new MachineTar());
    }

    /** Opens archives by the machine's own tar; says nothing about hostile ones. */
    private static final class MachineTar implements Contexts.Unpacking {
        @Override
        public boolean isArchive(Path file) throws IOException {
            return tar("--list", "--file", file.toString()) == 0;
        }

        @Override
        public void archive(Path file, Path into) throws IOException {
            assertThat(tar("--extract", "--file", file.toString(), "--directory", into.toString()))
                    .isZero();
        }

        @Override
        public void layer(InputStream blob, Path into) throws IOException {
            Path file = Files.createTempFile("layer", "");
            Files.copy(blob, file, StandardCopyOption.REPLACE_EXISTING);
            archive(file, into);
            Files.delete(file);
        }

        private static int tar(String... arguments) throws IOException {
            List<String> command = new ArrayList<>(List.of("tar"));
            command.addAll(Arrays.asList(arguments));
            Process process = new ProcessBuilder(command)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            try {
                return process.waitFor();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }
    }
}
