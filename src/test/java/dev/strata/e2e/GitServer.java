package dev.strata.e2e;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;

/** One git repository behind http with a password, on an address that pods reach: git's own http-backend as a CGI program. */
final class GitServer implements AutoCloseable {
    static final String USERNAME = "reader";
    static final String PASSWORD = "open-sesame";

    private final Path folder;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    private GitServer(TestCluster cluster, Path folder) throws IOException {
        this.folder = folder;
        git("init", "--quiet", "--initial-branch=main", ".");
        git("config", "user.name", "Strata");
        git("config", "user.email", "strata@example.com");
        git("config", "uploadpack.allowAnySHA1InWant", "true");
        server = HttpServer.create(new InetSocketAddress(cluster.address, 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    /** @param folder an empty folder that the repository's files live in */
    static GitServer start(TestCluster cluster, Path folder) {
        try {
            return new GitServer(cluster, folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.close();
    }

    String url() {
        return "http://" + server.getAddress().getAddress().getHostAddress() + ":"
                + server.getAddress().getPort() + "/repository";
    }

    /** Commits these files and answers the commit. */
    String commit(Map<String, String> files) {
        try {
            for (Map.Entry<String, String> file : files.entrySet()) {
                Path path = folder.resolve(file.getKey());
                Files.createDirectories(path.getParent());
                Files.writeString(path, file.getValue());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        git("add", "--all");
        git("commit", "--quiet", "--message=files");
        return git("rev-parse", "HEAD").strip();
    }

    /** Commits a submodule at a commit; answers the new commit. */
    String submodule(String path, String commit) {
        git("update-index", "--add", "--cacheinfo", "160000," + commit + "," + path);
        git("commit", "--quiet", "--message=submodule");
        return git("rev-parse", "HEAD").strip();
    }

    private String git(String... arguments) {
        try {
            Process process = new ProcessBuilder(Stream.concat(Stream.of("git"), Stream.of(arguments))
                            .toList())
                    .directory(folder.toFile())
                    .redirectErrorStream(true)
                    .start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IllegalStateException("git " + List.of(arguments) + ": " + output);
            }
            return output;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            String expected = "Basic "
                    + Base64.getEncoder().encodeToString((USERNAME + ":" + PASSWORD).getBytes(StandardCharsets.UTF_8));
            if (!expected.equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
                exchange.getResponseHeaders().set("WWW-Authenticate", "Basic realm=\"git\"");
                exchange.sendResponseHeaders(401, -1);
                return;
            }
            Process backend = backend(exchange);
            byte[] request = exchange.getRequestBody().readAllBytes();
            Thread.ofVirtual().start(() -> send(request, backend));
            respond(exchange, new BufferedInputStream(backend.getInputStream()));
        }
    }

    private Process backend(HttpExchange exchange) throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder("git", "http-backend").redirectError(ProcessBuilder.Redirect.DISCARD);
        Map<String, String> environment = builder.environment();
        String query = exchange.getRequestURI().getRawQuery();
        environment.put("GIT_PROJECT_ROOT", folder.resolve(".git").toString());
        environment.put("GIT_HTTP_EXPORT_ALL", "1");
        environment.put("REQUEST_METHOD", exchange.getRequestMethod());
        environment.put("PATH_INFO", exchange.getRequestURI().getPath().replaceFirst("^/repository", ""));
        environment.put("QUERY_STRING", query == null ? "" : query);
        putHeader(environment, "CONTENT_TYPE", exchange, "Content-Type");
        putHeader(environment, "HTTP_CONTENT_ENCODING", exchange, "Content-Encoding");
        putHeader(environment, "GIT_PROTOCOL", exchange, "Git-Protocol");
        return builder.start();
    }

    private static void putHeader(Map<String, String> environment, String name, HttpExchange exchange, String header) {
        String value = exchange.getRequestHeaders().getFirst(header);
        if (value != null) {
            environment.put(name, value);
        }
    }

    private static void send(byte[] request, Process backend) {
        try (var input = backend.getOutputStream()) {
            input.write(request);
        } catch (IOException e) {
            backend.destroy();
        }
    }

    /** CGI's answer: header lines, an empty line, the body. */
    private static void respond(HttpExchange exchange, InputStream answer) throws IOException {
        int status = 200;
        for (String line = line(answer); !line.isEmpty(); line = line(answer)) {
            int colon = line.indexOf(':');
            String name = line.substring(0, colon);
            String value = line.substring(colon + 1).strip();
            if (name.equals("Status")) {
                status = Integer.parseInt(value.substring(0, 3));
            } else {
                exchange.getResponseHeaders().add(name, value);
            }
        }
        exchange.sendResponseHeaders(status, 0);
        answer.transferTo(exchange.getResponseBody());
    }

    private static String line(InputStream input) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int next = input.read(); next != '\n' && next >= 0; next = input.read()) {
            line.write(next);
        }
        return line.toString(StandardCharsets.UTF_8).strip();
    }
}
