package dev.strata;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.strata.image.Digest;
import dev.strata.image.Json;
import dev.strata.image.Platform;
import dev.strata.layer.Removal;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * {@code strata rehearse FOLDER}: typical builds, of the command line and of a pod, one after the other in one process,
 * against a registry in memory.
 * It is what {@code bin/strata-aot} has Java watch (JEP 483, JEP 515), so that a real build finds its classes loaded and
 * linked. It needs no network and no sandbox, and no person has a use for it.
 */
final class Rehearsal {
    static final String NAME = "rehearse";

    private static final int FILES = 40;

    private final Path folder;
    private final String host;

    private Rehearsal(Path folder, String host) {
        this.folder = folder;
        this.host = host;
    }

    /** Builds in a folder of its own below the given one; answers the largest exit code of the builds. */
    static int run(Path below) {
        try (Memory registry = new Memory()) {
            Path folder = Files.createTempDirectory(below, NAME);
            try {
                return new Rehearsal(folder, registry.host()).builds();
            } finally {
                Removal.of(folder);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the rehearsal cannot begin in " + below, e);
        }
    }

    private int builds() throws IOException {
        HeadStart.begin("build");
        Path base = context("base", "FROM scratch\nCOPY . /\nENV PATH=/bin\n");
        Path context = context("context", dockerfile());
        int code = build(base, "state", "base:1");
        for (String state : List.of("state", "state", "elsewhere")) { // made, known here, known to the registry
            code = Math.max(code, build(context, state, "made:1"));
        }
        Files.writeString(context.resolve("files/file1"), "changed");
        for (String compression : List.of("gzip", "zstd")) {
            code = Math.max(code, build(context, "third", "made:" + compression, "compression=" + compression));
        }
        code = Math.max(code, inPod(Map.of("type", "folder", "path", context.toString(), "mounted", false)));
        if (isRepository(context)) {
            // What a machine's git does not do is not rehearsed, which is no failure.
            int _ = inPod(Map.of("type", "git", "url", "file://" + context, "submodules", true));
        }
        return code;
    }

    /** As a builder pod does it: by a plan. */
    private int inPod(Map<String, Object> source) throws IOException {
        Platform platform = Platform.host();
        Path plan = folder.resolve("plan.json");
        Files.write(
                plan,
                Json.bytes(Map.of(
                        "name", NAME,
                        "source", source,
                        "dockerfile", Map.of("path", "Dockerfile"),
                        "args", Map.of("BASE", host + "/base:1"),
                        "platform", Map.of("os", platform.os(), "architecture", platform.architecture()),
                        "output", Map.of("names", List.of(host + "/made:pod"), "compression", "gzip"),
                        "cache", Map.of("repository", host + "/cache"))));
        Path outcome = Files.write(folder.resolve("outcome.json"), new byte[0]);
        Path work = Files.createTempDirectory(folder, "pod");
        return Main.run(
                "builder",
                "--plan",
                plan.toString(),
                "--work",
                work.toString(),
                "--termination-log",
                outcome.toString());
    }

    /** Makes one of the folder; false where there is no git. */
    private static boolean isRepository(Path folder) {
        try {
            return git(folder, "init", "--quiet")
                    && git(folder, "add", "--all")
                    && git(folder, "-c", "user.name=" + NAME, "-c", "user.email=", "commit", "--quiet", "-m", NAME);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static boolean git(Path folder, String... arguments) throws InterruptedException {
        List<String> command = new ArrayList<>(List.of("git"));
        command.addAll(List.of(arguments));
        try {
            return new ProcessBuilder(command)
                            .directory(folder.toFile())
                            .inheritIO()
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false; // not installed, so that no build will use it
        }
    }

    /** Only its last two stages are built. The first is there to be read: it has what Dockerfiles have. */
    private static String dockerfile() throws IOException {
        try (InputStream text = Objects.requireNonNull(Rehearsal.class.getResourceAsStream("rehearsal.Dockerfile"))) {
            return new String(text.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private int build(Path context, String state, String name, String... options) {
        String output = "type=image,name=" + host + "/" + name + ",push=true";
        return Main.run(
                "build",
                "--file",
                context + "/Dockerfile",
                "--state",
                folder.resolve(state).toString(),
                "--cache-repo",
                host + "/cache",
                "--build-arg",
                "BASE=" + host + "/base:1",
                "--output",
                options.length == 0 ? output : output + "," + String.join(",", options),
                context.toString());
    }

    private Path context(String name, String dockerfile) throws IOException {
        Path context = folder.resolve(name);
        Files.createDirectories(context.resolve("files/below"));
        Files.createDirectories(context.resolve("etc"));
        Files.writeString(context.resolve("Dockerfile"), dockerfile);
        Files.writeString(context.resolve(".dockerignore"), "*.log\n!keep.log\n");
        Files.writeString(context.resolve("etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
        Files.createSymbolicLink(context.resolve("link"), Path.of("files"));
        for (int i = 0; i < FILES; i++) {
            Files.writeString(context.resolve("files/file" + i), ("line of " + i + "\n").repeat(20 * i));
        }
        return context;
    }

    /** As much of a registry as the rehearsal asks for: whole manifests and blobs, by name, for as long as it lasts. */
    private static final class Memory implements AutoCloseable {
        private final HttpServer server;
        private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        private final Map<String, Kept> kept = new ConcurrentHashMap<>();

        private static final class Kept {
            final String mediaType;
            final byte[] bytes;

            Kept(String mediaType, byte[] bytes) {
                this.mediaType = mediaType;
                this.bytes = bytes;
            }
        }

        Memory() throws IOException {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.createContext("/", this::serve);
            server.setExecutor(threads);
            server.start();
        }

        String host() {
            return "localhost:" + server.getAddress().getPort();
        }

        private void serve(HttpExchange exchange) throws IOException {
            String path = exchange.getRequestURI().getPath();
            byte[] body = exchange.getRequestBody().readAllBytes();
            try (exchange) {
                switch (exchange.getRequestMethod()) {
                    case "POST" -> {
                        exchange.getResponseHeaders().set("Location", path + "1");
                        answer(exchange, 202, null);
                    }
                    case "PUT" -> {
                        keep(exchange, path, body);
                        answer(exchange, 201, null);
                    }
                    default -> {
                        Kept found = kept.get(path);
                        answer(exchange, found == null ? 404 : 200, found);
                    }
                }
            }
        }

        private void keep(HttpExchange exchange, String path, byte[] body) {
            int uploads = path.indexOf("/uploads/");
            String type = exchange.getRequestHeaders().getFirst("Content-Type");
            Kept made = new Kept(type == null ? "application/octet-stream" : type, body);
            String digest = Digest.sha256(body).toString();
            if (uploads >= 0) {
                kept.put(path.substring(0, uploads + 1) + digest, made);
            } else {
                kept.put(URLDecoder.decode(path, StandardCharsets.UTF_8), made);
                kept.put(path.substring(0, path.lastIndexOf('/') + 1) + digest, made);
                exchange.getResponseHeaders().set("Docker-Content-Digest", digest);
            }
        }

        private static void answer(HttpExchange exchange, int status, @Nullable Kept found) throws IOException {
            boolean head = exchange.getRequestMethod().equals("HEAD");
            if (found != null) {
                exchange.getResponseHeaders().set("Content-Type", found.mediaType);
                exchange.getResponseHeaders()
                        .set("Docker-Content-Digest", Digest.sha256(found.bytes).toString());
                if (head) {
                    exchange.getResponseHeaders().set("Content-Length", String.valueOf(found.bytes.length));
                }
            }
            exchange.sendResponseHeaders(status, head || found == null ? -1 : found.bytes.length);
            if (found != null && !head) {
                exchange.getResponseBody().write(found.bytes);
            }
        }

        @Override
        public void close() {
            server.stop(0);
            threads.shutdownNow();
        }
    }
}
