package dev.strata.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assumptions;

/** A registry that others wrote, as a process of the test, on a free port of the loopback. */
public final class RegistryProgram implements RegistryContract.Server {
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

    private static RegistryProgram start(Path program, Path folder) throws IOException {
        int port = freePort();
        Path config = folder.resolve("registry.yml");
        Files.writeString(config, """
                version: 0.1
                log: {level: error}
                storage:
                  filesystem: {rootdirectory: %s}
                  delete: {enabled: true}
                http: {addr: "127.0.0.1:%d"}
                """.formatted(folder.resolve("registry"), port));
        ProcessBuilder builder = new ProcessBuilder(program.toString(), "serve", config.toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("registry.log").toFile());
        builder.environment().put("OTEL_TRACES_EXPORTER", "none");
        Process process = builder.start();
        Awaitility.await().atMost(20, TimeUnit.SECONDS).until(() -> listens(port));
        assertThat(process.isAlive()).isTrue();
        return new RegistryProgram(process, port);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static boolean listens(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public String host() {
        return "127.0.0.1:" + port;
    }

    @Override
    public void close() {
        process.destroy();
    }
}
