package dev.strata.registry;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.image.Index;
import dev.strata.image.Json;
import dev.strata.image.Manifest;
import dev.strata.image.MediaTypes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * A registry that lives in memory on a free port of the loopback, counts what it is asked, and misbehaves on command.
 * It is strict: what the specification does not allow is refused.
 */
public final class MemoryRegistry implements AutoCloseable {
    static {
        // Without it each answer waits 40 ms for the other end's acknowledgement.
        System.setProperty("sun.net.httpserver.nodelay", "true");
    }

    private static final Pattern PATH =
            Pattern.compile("/v2/(?<name>[a-z0-9/._-]+)/(?:manifests/(?<manifest>[^/]+)|blobs/uploads/(?<session>[^/]*)"
                    + "|blobs/(?<blob>[^/]+)|(?<tags>tags/list)|referrers/(?<referrers>[^/]+))");

    private final HttpServer server;
    private final String scheme;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Map<Digest, byte[]> contents = new ConcurrentHashMap<>();
    private final Map<String, Repository> repositories = new ConcurrentHashMap<>();
    private final Map<String, ByteArrayOutputStream> sessions = new ConcurrentHashMap<>();
    private final List<Seen> seen = new CopyOnWriteArrayList<>();
    private final List<Rule> rules = new CopyOnWriteArrayList<>();
    private final AtomicLong blobBytes = new AtomicLong();
    private final AtomicInteger mounts = new AtomicInteger();
    private final Set<HttpExchange> inFlight = Collections.newSetFromMap(new IdentityHashMap<>());
    private int mostInFlight;
    private final Map<Pattern, CountDownLatch> meetings = new ConcurrentHashMap<>();

    private volatile @Nullable Gate gate;
    private volatile @Nullable URI blobsElsewhere;
    private volatile int pageSize = 1000;
    private volatile boolean knowsReferrers = true;
    private volatile boolean mountsBlobs = true;

    /** A request, as it came. */
    public record Seen(String method, URI uri, Map<String, String> headers) {
        /** Method and path, as rules see them. */
        @Override
        public String toString() {
            return method + " " + uri.getPath();
        }
    }

    /** Who may come in. */
    interface Gate {
        /** Answers and says true where the request may not go on. */
        boolean stops(HttpExchange exchange, Seen request) throws IOException;
    }

    private record Rule(Pattern requests, AtomicInteger spared, AtomicInteger times, Fault fault) {}

    private static final class Repository {
        final Map<Digest, String> manifests = new ConcurrentHashMap<>();
        final SortedMap<String, Digest> tags = Collections.synchronizedSortedMap(new TreeMap<>());
        final Set<Digest> blobs = ConcurrentHashMap.newKeySet();
    }

    private MemoryRegistry(HttpServer server, String scheme) {
        this.server = server;
        this.scheme = scheme;
        server.createContext("/", this::serve);
        server.setExecutor(threads);
        server.start();
    }

    /** Starts one in plain HTTP. */
    public static MemoryRegistry start() {
        try {
            return new MemoryRegistry(HttpServer.create(loopback(), 0), "http");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts one with TLS. */
    static MemoryRegistry start(SSLContext context, boolean wantsClientCertificate) throws IOException {
        HttpsServer server = HttpsServer.create(loopback(), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(context) {
            @Override
            public void configure(com.sun.net.httpserver.HttpsParameters parameters) {
                javax.net.ssl.SSLParameters own = context.getDefaultSSLParameters();
                own.setNeedClientAuth(wantsClientCertificate);
                parameters.setSSLParameters(own);
            }
        });
        return new MemoryRegistry(server, "https");
    }

    private static InetSocketAddress loopback() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    /** As an image's name has it: {@code 127.0.0.1:12345}. */
    public String host() {
        return "127.0.0.1:" + server.getAddress().getPort();
    }

    public String address() {
        return scheme + "://" + host();
    }

    /** All requests since the start, or since {@link #forget}. */
    public List<Seen> requests() {
        return List.copyOf(seen);
    }

    /** How many requests match, as {@code METHOD /path}. */
    public long count(String regex) {
        return seen.stream()
                .filter(request -> request.toString().matches(regex))
                .count();
    }

    /** Bytes of blobs that were sent here, those of broken uploads included. */
    public long blobBytes() {
        return blobBytes.get();
    }

    public int mounts() {
        return mounts.get();
    }

    public synchronized int mostInFlight() {
        return mostInFlight;
    }

    private synchronized void begins(HttpExchange exchange) {
        inFlight.add(exchange);
        mostInFlight = Math.max(mostInFlight, inFlight.size());
    }

    private synchronized void ends(HttpExchange exchange) {
        inFlight.remove(exchange);
    }

    /** The first requests that match {@code METHOD /path} are answered when so many of them are in flight at once. */
    public void answerTogether(String regex, int number) {
        meetings.put(Pattern.compile(regex), new CountDownLatch(number));
    }

    private void meet(Seen request) {
        meetings.forEach((requests, others) -> {
            if (requests.matcher(request.toString()).matches()) {
                others.countDown();
                try {
                    others.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        });
    }

    /** Sets all counts to zero; contents stay. */
    public synchronized void forget() {
        seen.clear();
        blobBytes.set(0);
        mounts.set(0);
        mostInFlight = 0;
    }

    /** The next request that matches {@code METHOD /path} meets a fault. */
    public void failNext(String regex, Fault fault) {
        fail(regex, 0, 1, fault);
    }

    /** All requests that match meet a fault, until {@link #heal}. */
    public void failAlways(String regex, Fault fault) {
        fail(regex, 0, Integer.MAX_VALUE, fault);
    }

    /** After some requests that are spared, some that match meet a fault: "the third" spares two, once. */
    public void fail(String regex, int spared, int times, Fault fault) {
        rules.add(new Rule(Pattern.compile(regex), new AtomicInteger(spared), new AtomicInteger(times), fault));
    }

    public void heal() {
        rules.clear();
    }

    /** All requests must carry a name and a password. */
    public void requireLogin(String user, String password) {
        gate = TokenGate.basic(user, password);
    }

    void guardedBy(Gate newGate) {
        gate = newGate;
    }

    /** Blobs are read at another address, as from an object store. */
    public void redirectBlobsTo(URI elsewhere) {
        blobsElsewhere = elsewhere;
    }

    public void pagesOf(int entries) {
        pageSize = entries;
    }

    /** As registries before version 1.1 of the specification. */
    public void withoutReferrers() {
        knowsReferrers = false;
    }

    public void withoutMounts() {
        mountsBlobs = false;
    }

    /** Whether a repository holds a blob. */
    public boolean hasBlob(String repository, Digest digest) {
        return repository(repository).blobs.contains(digest);
    }

    /** Puts a blob there without a request. */
    public void addBlob(String repository, byte[] bytes) {
        Digest digest = Digest.sha256(bytes);
        contents.put(digest, bytes);
        repository(repository).blobs.add(digest);
    }

    /** A blob is gone, whatever names it. */
    public void removeBlob(String repository, Digest digest) {
        repository(repository).blobs.remove(digest);
        if (repositories.values().stream().noneMatch(other -> other.blobs.contains(digest))) {
            contents.remove(digest);
        }
    }

    /** Whether any blob or manifest has these letters in it, as it was sent. */
    public boolean holds(String text) {
        return contents.values().stream()
                .anyMatch(bytes -> new String(bytes, StandardCharsets.ISO_8859_1).contains(text));
    }

    /** All tags of a repository. */
    public List<String> tags(String repository) {
        return List.copyOf(repository(repository).tags.keySet());
    }

    /** Puts a manifest there without a request and without looking at it. */
    public Digest addManifest(String repository, @Nullable String tag, String mediaType, byte[] bytes) {
        Digest digest = Digest.sha256(bytes);
        contents.put(digest, bytes);
        repository(repository).manifests.put(digest, mediaType);
        if (tag != null) {
            repository(repository).tags.put(tag, digest);
        }
        return digest;
    }

    /** The bytes of a tag's manifest. */
    public Optional<byte[]> manifest(String repository, String tag) {
        return Optional.ofNullable(repository(repository).tags.get(tag)).map(contents::get);
    }

    private Repository repository(String name) {
        return repositories.computeIfAbsent(name, n -> new Repository());
    }

    private void serve(HttpExchange exchange) throws IOException {
        begins(exchange);
        try {
            Map<String, String> headers = new HashMap<>();
            exchange.getRequestHeaders().forEach((name, values) -> headers.put(name, values.getFirst()));
            Seen request = new Seen(exchange.getRequestMethod(), exchange.getRequestURI(), headers);
            seen.add(request);
            meet(request);
            Gate guard = gate;
            if (guard != null && guard.stops(exchange, request)) {
                return;
            }
            Fault fault = fault(request);
            if (fault instanceof Fault.Status(int status, Map<String, String> more, String body)) {
                exchange.getRequestBody().readAllBytes();
                more.forEach(exchange.getResponseHeaders()::set);
                answer(exchange, null, status, body.getBytes(StandardCharsets.UTF_8));
                return;
            }
            route(exchange, request, fault);
        } finally {
            ends(exchange);
            exchange.close();
        }
    }

    private @Nullable Fault fault(Seen request) {
        Fault first = null;
        for (Rule rule : rules) {
            boolean meant = rule.requests.matcher(request.toString()).matches()
                    && rule.spared.getAndDecrement() <= 0
                    && rule.times.getAndDecrement() > 0;
            first = meant && first == null ? rule.fault : first;
        }
        return first;
    }

    private void route(HttpExchange exchange, Seen request, @Nullable Fault fault) throws IOException {
        Matcher path = PATH.matcher(request.uri().getPath());
        if (request.uri().getPath().equals("/v2/")) {
            answer(exchange, fault, 200, new byte[0]);
        } else if (!path.matches()) {
            error(exchange, fault, 404, "NAME_UNKNOWN");
        } else if (path.group("manifest") != null) {
            manifest(exchange, fault, path.group("name"), path.group("manifest"));
        } else if (path.group("session") != null) {
            upload(exchange, fault, path.group("name"), path.group("session"));
        } else if (path.group("blob") != null) {
            blob(exchange, fault, path.group("name"), Digest.parse(path.group("blob")));
        } else if (path.group("tags") != null) {
            tags(exchange, fault, path.group("name"));
        } else {
            referrers(exchange, fault, path.group("name"), Digest.parse(path.group("referrers")));
        }
    }

    private void manifest(HttpExchange exchange, @Nullable Fault fault, String name, String reference)
            throws IOException {
        Repository repository = repository(name);
        Digest digest = reference.contains(":") ? Digest.parse(reference) : repository.tags.get(reference);
        switch (exchange.getRequestMethod()) {
            case "PUT" -> putManifest(exchange, fault, repository, reference);
            case "DELETE" -> {
                boolean known = digest != null && repository.manifests.remove(digest) != null;
                repository.tags.values().removeIf(value -> value.equals(digest));
                answer(exchange, fault, known ? 202 : 404, new byte[0]);
            }
            default -> {
                String mediaType = digest == null ? null : repository.manifests.get(digest);
                byte[] bytes = digest == null ? null : contents.get(digest);
                if (digest == null || mediaType == null || bytes == null) {
                    error(exchange, fault, 404, "MANIFEST_UNKNOWN");
                    return;
                }
                exchange.getResponseHeaders().set("Content-Type", mediaType);
                exchange.getResponseHeaders().set("Docker-Content-Digest", digest.toString());
                answer(exchange, fault, 200, bytes);
            }
        }
    }

    private void putManifest(HttpExchange exchange, @Nullable Fault fault, Repository repository, String reference)
            throws IOException {
        byte[] bytes = exchange.getRequestBody().readAllBytes();
        String mediaType = exchange.getRequestHeaders().getFirst("Content-Type");
        Digest digest = Digest.sha256(bytes);
        if (reference.contains(":") && !reference.equals(digest.toString())) {
            error(exchange, fault, 400, "DIGEST_INVALID");
            return;
        }
        if (!names(mediaType, bytes).stream()
                .allMatch(named -> repository.blobs.contains(named) || repository.manifests.containsKey(named))) {
            error(exchange, fault, 404, "MANIFEST_BLOB_UNKNOWN");
            return;
        }
        contents.put(digest, bytes);
        repository.manifests.put(digest, mediaType);
        if (!reference.contains(":")) {
            repository.tags.put(reference, digest);
        }
        subject(mediaType, bytes)
                .filter(subject -> knowsReferrers)
                .ifPresent(subject -> exchange.getResponseHeaders().set("OCI-Subject", subject.toString()));
        exchange.getResponseHeaders().set("Docker-Content-Digest", digest.toString());
        answer(exchange, fault, 201, new byte[0]);
    }

    /** The digests that must be there before a document may be pushed. */
    private static List<Digest> names(String mediaType, byte[] bytes) throws IOException {
        if (MediaTypes.isIndex(mediaType)) {
            return Json.read(bytes, Index.class).manifests().stream()
                    .map(Descriptor::digest)
                    .toList();
        }
        Manifest manifest = Json.read(bytes, Manifest.class);
        List<Digest> names = new ArrayList<>(
                manifest.layers().stream().map(Descriptor::digest).toList());
        names.add(manifest.config().digest());
        return names;
    }

    private static Optional<Digest> subject(String mediaType, byte[] bytes) throws IOException {
        return MediaTypes.isIndex(mediaType)
                ? Optional.empty()
                : Optional.ofNullable(Json.read(bytes, Manifest.class).subject())
                        .map(Descriptor::digest);
    }

    private void blob(HttpExchange exchange, @Nullable Fault fault, String name, Digest digest) throws IOException {
        byte[] bytes = repository(name).blobs.contains(digest) ? contents.get(digest) : null;
        if (bytes == null) {
            error(exchange, fault, 404, "BLOB_UNKNOWN");
            return;
        }
        URI elsewhere = blobsElsewhere;
        if (elsewhere != null && exchange.getRequestMethod().equals("GET")) {
            exchange.getResponseHeaders()
                    .set("Location", elsewhere + exchange.getRequestURI().getPath() + "?signature=secret");
            answer(exchange, fault, 307, new byte[0]);
            return;
        }
        exchange.getResponseHeaders().set("Content-Type", "application/octet-stream");
        String range = exchange.getRequestHeaders().getFirst("Range");
        if (range == null) {
            answer(exchange, fault, 200, bytes);
            return;
        }
        int from = Integer.parseInt(range.replaceFirst("bytes=(\\d+)-", "$1"));
        exchange.getResponseHeaders()
                .set("Content-Range", "bytes " + from + "-" + (bytes.length - 1) + "/" + bytes.length);
        answer(exchange, fault, 206, java.util.Arrays.copyOfRange(bytes, from, bytes.length));
    }

    private void upload(HttpExchange exchange, @Nullable Fault fault, String name, String id) throws IOException {
        if (exchange.getRequestMethod().equals("POST")) {
            beginUpload(exchange, fault, name);
            return;
        }
        ByteArrayOutputStream session = sessions.get(id);
        if (session == null) {
            exchange.getRequestBody().readAllBytes();
            error(exchange, fault, 404, "BLOB_UPLOAD_UNKNOWN");
            return;
        }
        // A request whose connection broke may still be at work on what had arrived.
        synchronized (session) {
            continueUpload(exchange, fault, name, id, session);
        }
    }

    private void continueUpload(
            HttpExchange exchange, @Nullable Fault fault, String name, String id, ByteArrayOutputStream session)
            throws IOException {
        switch (exchange.getRequestMethod()) {
            case "GET" -> {
                location(exchange, name, id);
                exchange.getResponseHeaders().set("Range", "0-" + Math.max(0, session.size() - 1));
                answer(exchange, fault, 204, new byte[0]);
            }
            case "PATCH" -> {
                String range = exchange.getRequestHeaders().getFirst("Content-Range");
                if (range != null && !range.startsWith(session.size() + "-")) {
                    exchange.getRequestBody().readAllBytes();
                    error(exchange, fault, 416, "BLOB_UPLOAD_INVALID");
                    return;
                }
                receive(exchange, fault, session);
                location(exchange, name, id);
                exchange.getResponseHeaders().set("Range", "0-" + Math.max(0, session.size() - 1));
                answer(exchange, fault, 202, new byte[0]);
            }
            case "PUT" -> {
                receive(exchange, fault, session);
                endUpload(exchange, fault, name, id, session);
            }
            default -> error(exchange, fault, 405, "UNSUPPORTED");
        }
    }

    private void beginUpload(HttpExchange exchange, @Nullable Fault fault, String name) throws IOException {
        exchange.getRequestBody().readAllBytes();
        String mount = parameter(exchange, "mount");
        String from = parameter(exchange, "from");
        if (mountsBlobs && mount != null && from != null && hasBlob(from, Digest.parse(mount))) {
            repository(name).blobs.add(Digest.parse(mount));
            mounts.incrementAndGet();
            exchange.getResponseHeaders().set("Location", "/v2/" + name + "/blobs/" + mount);
            answer(exchange, fault, 201, new byte[0]);
            return;
        }
        String id = UUID.randomUUID().toString();
        sessions.put(id, new ByteArrayOutputStream());
        location(exchange, name, id);
        exchange.getResponseHeaders().set("Range", "0-0");
        answer(exchange, fault, 202, new byte[0]);
    }

    private void endUpload(
            HttpExchange exchange, @Nullable Fault fault, String name, String id, ByteArrayOutputStream session)
            throws IOException {
        sessions.remove(id);
        byte[] bytes = session.toByteArray();
        String wanted = parameter(exchange, "digest");
        if (wanted == null || !Digest.sha256(bytes).toString().equals(wanted)) {
            error(exchange, fault, 400, "DIGEST_INVALID");
            return;
        }
        addBlob(name, bytes);
        exchange.getResponseHeaders().set("Location", "/v2/" + name + "/blobs/" + wanted);
        answer(exchange, fault, 201, new byte[0]);
    }

    private void receive(HttpExchange exchange, @Nullable Fault fault, ByteArrayOutputStream session)
            throws IOException {
        int most = fault instanceof Fault.CutRequest(int after) ? after : Integer.MAX_VALUE;
        InputStream body = exchange.getRequestBody();
        byte[] buffer = new byte[32 << 10];
        while (most > 0) {
            int count = body.read(buffer, 0, Math.min(buffer.length, most));
            if (count < 0) {
                break;
            }
            session.write(buffer, 0, count);
            blobBytes.addAndGet(count);
            most -= count;
        }
        if (fault instanceof Fault.CutRequest) {
            exchange.close();
            throw new IOException("dropped on command");
        }
    }

    private static void location(HttpExchange exchange, String name, String id) {
        exchange.getResponseHeaders().set("Location", "/v2/" + name + "/blobs/uploads/" + id + "?_state=secret");
    }

    private static @Nullable String parameter(HttpExchange exchange, String name) {
        String query = exchange.getRequestURI().getRawQuery();
        for (String pair : query == null ? new String[0] : query.split("&")) {
            if (pair.startsWith(name + "=")) {
                return URLDecoder.decode(pair.substring(name.length() + 1), StandardCharsets.UTF_8);
            }
        }
        return null;
    }

    private void tags(HttpExchange exchange, @Nullable Fault fault, String name) throws IOException {
        String last = parameter(exchange, "last");
        List<String> all = repository(name).tags.keySet().stream()
                .filter(tag -> last == null || tag.compareTo(last) > 0)
                .toList();
        List<String> page = all.stream().limit(pageSize).toList();
        if (page.size() < all.size()) {
            exchange.getResponseHeaders()
                    .set("Link", "</v2/" + name + "/tags/list?last=" + page.getLast() + ">; rel=\"next\"");
        }
        answer(exchange, fault, 200, Json.bytes(new TreeMap<>(Map.of("name", name, "tags", page))));
    }

    private void referrers(HttpExchange exchange, @Nullable Fault fault, String name, Digest subject)
            throws IOException {
        if (!knowsReferrers) {
            error(exchange, fault, 404, "NOT_FOUND");
            return;
        }
        List<Descriptor> found = new ArrayList<>();
        for (Map.Entry<Digest, String> entry : repository(name).manifests.entrySet()) {
            byte[] bytes = contents.getOrDefault(entry.getKey(), new byte[0]);
            if (subject(entry.getValue(), bytes).filter(subject::equals).isPresent()) {
                String type = Json.read(bytes, Manifest.class).artifactType();
                found.add(new Descriptor(
                        entry.getValue(), entry.getKey(), bytes.length, null, type, Collections.emptySortedMap()));
            }
        }
        answer(exchange, fault, 200, Json.bytes(Index.of(found, Collections.emptySortedMap())));
    }

    private void error(HttpExchange exchange, @Nullable Fault fault, int status, String code) throws IOException {
        String body = "{\"errors\":[{\"code\":\"" + code + "\",\"message\":\"said by the test's registry\"}]}";
        answer(exchange, fault, status, body.getBytes(StandardCharsets.UTF_8));
    }

    private void answer(HttpExchange exchange, @Nullable Fault fault, int status, byte[] body) throws IOException {
        if (fault instanceof Fault.LoseAnswer) {
            exchange.close();
            throw new IOException("dropped on command");
        }
        if (exchange.getRequestMethod().equals("HEAD") || status == 204 || body.length == 0) {
            if (exchange.getRequestMethod().equals("HEAD")) {
                exchange.getResponseHeaders().set("Content-Length", String.valueOf(body.length));
            }
            ends(exchange);
            exchange.sendResponseHeaders(status, -1);
            return;
        }
        if (fault instanceof Fault.Shorten(int to)) {
            exchange.sendResponseHeaders(status, to);
            exchange.getResponseBody().write(body, 0, to);
            exchange.getResponseBody().close();
            return;
        }
        exchange.sendResponseHeaders(status, body.length);
        try (OutputStream out = exchange.getResponseBody()) {
            switch (fault) {
                case Fault.CutAnswer(int after) -> {
                    out.write(body, 0, after);
                    out.flush();
                    exchange.close();
                    throw new IOException("dropped on command");
                }
                case Fault.Hang(int after) -> {
                    out.write(body, 0, after);
                    out.flush();
                    hang();
                }
                case Fault.Slow(int after) -> {
                    for (int at = 0; at < after && !isClosed(Duration.ofMillis(100)); at += 100) {
                        out.write(body, at, Math.min(100, after - at));
                        out.flush();
                    }
                    hang();
                }
                case Fault.Damage() -> {
                    byte[] other = body.clone();
                    other[body.length / 2] ^= 1;
                    out.write(other);
                }
                case null -> whole(exchange, out, body);
                case Fault.Status _, Fault.CutRequest _, Fault.LoseAnswer _, Fault.Shorten _ ->
                    whole(exchange, out, body);
            }
        }
    }

    /** Whoever has the last byte may ask for the next thing at once, so the request is over before that is sent. */
    private void whole(HttpExchange exchange, OutputStream out, byte[] body) throws IOException {
        out.write(body, 0, body.length - 1);
        out.flush();
        ends(exchange);
        out.write(body, body.length - 1, 1);
    }

    /** Whether the registry is closed before so much time has passed. */
    private boolean isClosed(Duration time) {
        try {
            return closed.await(time.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    private void hang() {
        try {
            closed.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        closed.countDown();
        server.stop(0);
        threads.shutdownNow();
    }
}
