package dev.strata.registry;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assumptions;

/** A registry that others wrote, as a process of the test, on a free port of the loopback. */
public final class RegistryProgram implements RegistryContract.Server {
    private static final Pattern LISTENS = Pattern.compile("listening on 127\\.0\\.0\\.1:(\\d+)\\b");

    private final Process process;
    private final int port;

    private RegistryProgram(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /** Debian's, of the line 2; skips the test where it is not installed. */
    public static RegistryProgram debian(Path folder) throws IOException {
        Optional<Path> program = Arrays.stream(System.getenv("PATH").split(":"))
                .map(place -> Path.of(place, "docker-registry"))
                .filter(Files::isExecutable)
                .findFirst();
        Assumptions.assumeTrue(
                program.isPresent(), "docker-registry is not on the PATH (apt-get install docker-registry)");
        return start(program.get(), folder);
    }

    /** The line 3, as scripts/distribution.sh builds it; skips the test where it was not built. */
    public static RegistryProgram distribution(Path folder) throws IOException {
        Path builds = cache().resolve("distribution");
        Optional<Path> program = Optional.empty();
        if (Files.isDirectory(builds)) {
            try (Stream<Path> versions = Files.list(builds)) {
                program = versions.map(version -> version.resolve("registry"))
                        .filter(Files::isExecutable)
                        .max(Path::compareTo);
            }
        }
        Assumptions.assumeTrue(
                program.isPresent(),
                "the registry of the distribution project was not built; scripts/distribution.sh builds it");
        return start(program.get(), folder);
    }

    private static Path cache() {
        String own = System.getenv("STRATA_CACHE");
        String all = System.getenv("XDG_CACHE_HOME");
        return own != null
                ? Path.of(own)
                : (all != null ? Path.of(all) : Path.of(System.getProperty("user.home"), ".cache")).resolve("strata");
    }

    /** It takes a free port by itself and tells which: one that was looked for before might be somebody else's by then. */
    private static RegistryProgram start(Path program, Path folder) throws IOException {
        Path config = folder.resolve("registry.yml");
        Files.writeString(config, """
                version: 0.1
                log: {level: info, accesslog: {disabled: true}}
                storage:
                  filesystem: {rootdirectory: %s}
                  delete: {enabled: true}
                http: {addr: "127.0.0.1:0"}
                """.formatted(folder.resolve("registry")));
        Path log = folder.resolve("registry.log");
        ProcessBuilder builder = new ProcessBuilder(program.toString(), "serve", config.toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.environment().put("OTEL_TRACES_EXPORTER", "none");
        Process process = builder.start();
        Awaitility.await().until(() -> !process.isAlive() || port(log).isPresent());
        return new RegistryProgram(
                process, port(log).orElseThrow(() -> new IllegalStateException("it ended at once: " + text(log))));
    }

    private static Optional<Integer> port(Path log) {
        return LISTENS.matcher(text(log)).results().findFirst().map(found -> Integer.valueOf(found.group(1)));
    }

    private static String text(Path log) {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String host() {
        return "127.0.0.1:" + port;
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join(); // it writes into a folder that goes with the test
    }
}
