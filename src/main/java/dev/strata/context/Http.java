package dev.strata.context;

import dev.strata.image.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Fetches single files by http and https: for contexts that are a tar, and for ADD. */
public final class Http {
    private static final int REDIRECTS = 10;
    private static final Duration CONNECT = Duration.ofSeconds(30);
    private static final Duration SILENCE = Duration.ofSeconds(60);
    private static final Set<Integer> MOVED = Set.of(301, 302, 303, 307, 308);

    private final @Nullable Path caBundle;
    private final long limit;
    private final Duration silence;

    /**
     * @param caBundle PEM file with authorities to trust besides the system's; null for none
     * @param limit bytes that a file may have
     */
    public Http(@Nullable Path caBundle, long limit) {
        this(caBundle, limit, SILENCE);
    }

    /** @param silence how long a server may say nothing */
    Http(@Nullable Path caBundle, long limit, Duration silence) {
        this.caBundle = caBundle;
        this.limit = limit;
        this.silence = silence;
    }

    /**
     * @param file its mode is 0600 and its time {@code lastModified}, or the start of 1970 where the server tells none,
     *     as BuildKit has it for ADD
     * @param name the last part of the address, {@code __unnamed__} where it has none
     * @param lastModified null where the server tells none
     */
    public record Fetched(
            Path file,
            String name,
            Digest digest,
            long size,
            @Nullable Instant lastModified) {}

    /**
     * Fetches a file.
     *
     * @param checksum what the content must hash to; null is unchecked
     * @param credentials folder with {@code username} and {@code password}, or {@code token}; perhaps {@code ca.crt};
     *     null for none. They are sent to the address's own host only
     * @param folder where the file is put, under a name of no meaning
     * @throws ContextException whose {@link ContextException#fault} tells whether trying again may help
     */
    public Fetched fetch(String url, @Nullable Digest checksum, @Nullable Path credentials, Path folder) {
        Credentials known = new Credentials(credentials);
        URI start = address(url);
        String shown = Redacted.url(url);
        try (HttpClient client = client(known)) {
            HttpResponse<InputStream> response = follow(client, start, known, checksum != null, shown);
            Path file = Files.createTempFile(
                    Files.createDirectories(folder),
                    "fetched",
                    "",
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Digest digest = save(response, file, checksum, shown);
            Instant modified = response.headers()
                    .firstValue("Last-Modified")
                    .flatMap(Http::date)
                    .orElse(null);
            Files.setLastModifiedTime(file, FileTime.from(modified == null ? Instant.EPOCH : modified));
            return new Fetched(file, name(start), digest, Files.size(file), modified);
        } catch (IOException e) {
            throw HttpTrouble.explain(e, shown);
        }
    }

    private HttpClient client(Credentials credentials) throws IOException {
        HttpClient.Builder builder = HttpClient.newBuilder()
                .connectTimeout(CONNECT)
                .followRedirects(HttpClient.Redirect.NEVER)
                .proxy(EnvironmentProxies.ofThisProcess());
        Optional<javax.net.ssl.SSLContext> trust =
                Authorities.trust(caBundle, credentials.file("ca.crt").orElse(null));
        trust.ifPresent(builder::sslContext);
        return builder.build();
    }

    /** Goes where the server sends us; credentials stay behind as soon as scheme, host or port change. */
    private HttpResponse<InputStream> follow(
            HttpClient client, URI start, Credentials credentials, boolean checked, String shown) throws IOException {
        URI at = start;
        for (int hop = 0; hop <= REDIRECTS; hop++) {
            HttpRequest.Builder request = HttpRequest.newBuilder(at)
                    .timeout(silence)
                    .header("User-Agent", "strata")
                    .header("Accept-Encoding", "identity");
            if (sameOrigin(start, at)) {
                credentials.authorization().ifPresent(value -> request.header("Authorization", value));
            }
            HttpResponse<InputStream> response = send(client, request.build());
            if (!MOVED.contains(response.statusCode())) {
                if (response.statusCode() != 200) {
                    response.body().close();
                    throw HttpTrouble.status(response.statusCode(), shown, credentials.folder() != null);
                }
                return response;
            }
            response.body().close();
            at = next(at, response, checked, shown);
        }
        throw ContextException.outside(
                "the server redirects more than " + REDIRECTS + " times", shown, "Name the last address itself");
    }

    private static HttpResponse<InputStream> send(HttpClient client, HttpRequest request) throws IOException {
        try {
            return client.send(request, HttpResponse.BodyHandlers.ofInputStream());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new java.util.concurrent.CancellationException("the request was stopped");
        }
    }

    private static URI next(URI at, HttpResponse<?> response, boolean checked, String shown) {
        String location = response.headers().firstValue("Location").orElse("");
        URI target;
        try {
            target = at.resolve(location);
        } catch (IllegalArgumentException e) {
            throw ContextException.outside(
                    "the server redirects to \"" + Redacted.url(location) + "\", which is no address", shown, null);
        }
        if (!isHttp(target)) {
            throw ContextException.outside(
                    "the server redirects to " + Redacted.url(target.toString()) + ", which is neither http nor https",
                    shown,
                    null);
        }
        if (at.getScheme().equals("https") && target.getScheme().equals("http") && !checked) {
            throw ContextException.user(
                    "the server redirects from https to http, where anybody may change the file",
                    shown,
                    "Give the file's sha256, which is checked, or another address");
        }
        return target;
    }

    private Digest save(HttpResponse<InputStream> response, Path file, @Nullable Digest checksum, String shown)
            throws IOException {
        long announced = response.headers().firstValueAsLong("Content-Length").orElse(-1);
        if (announced > limit) {
            response.body().close();
            throw tooLarge(shown);
        }
        MessageDigest sha256 = Digest.sha256();
        MessageDigest wanted = checksum == null ? null : checksum.verifier();
        // Not truncated, empty as it is: ext4 would write all of a file that was to the disk when it is closed.
        try (Watched body = new Watched(response.body(), silence);
                OutputStream out = Files.newOutputStream(file, StandardOpenOption.WRITE)) {
            byte[] buffer = new byte[1 << 16];
            long size = 0;
            for (int read = body.read(buffer); read >= 0; read = body.read(buffer)) {
                size += read;
                if (size > limit) {
                    throw tooLarge(shown);
                }
                sha256.update(buffer, 0, read);
                if (wanted != null) {
                    wanted.update(buffer, 0, read);
                }
                out.write(buffer, 0, read);
            }
        }
        Digest digest = Digest.of(sha256);
        if (checksum != null && wanted != null && !checksum.matches(wanted)) {
            throw ContextException.user(
                    "the file is " + digest + ", but " + checksum + " was expected",
                    shown,
                    "The file has changed, or the checksum is another file's: check which, then write the right one");
        }
        return digest;
    }

    private ContextException tooLarge(String shown) {
        return ContextException.user(
                "the file is larger than the " + limit + " bytes that are allowed", shown, "Make it smaller");
    }

    private static URI address(String url) {
        try {
            URI address = URI.create(url.replaceFirst("#.*", ""));
            if (isHttp(address) && address.getHost() != null) {
                if (address.getRawUserInfo() != null) {
                    throw ContextException.user(
                            "the address holds a user or a password, which would be shown in logs",
                            Redacted.url(url),
                            "Put user name and password into a secret of the type kubernetes.io/basic-auth");
                }
                return address;
            }
        } catch (IllegalArgumentException e) {
            // said below, in the same words for all that is no address
        }
        throw ContextException.user(
                "\"" + Redacted.url(url) + "\" is not an address of http or https",
                Redacted.url(url),
                "Write https://host/path; other characters than letters, digits and -._~/ need percent-encoding");
    }

    private static boolean isHttp(URI address) {
        return "http".equals(address.getScheme()) || "https".equals(address.getScheme());
    }

    private static boolean sameOrigin(URI one, URI other) {
        return one.getScheme().equals(other.getScheme())
                && one.getHost().equalsIgnoreCase(other.getHost())
                && one.getPort() == other.getPort();
    }

    private static String name(URI address) {
        String path = address.getPath() == null ? "" : address.getPath().replaceFirst("/+$", "");
        String last = path.substring(path.lastIndexOf('/') + 1);
        return last.isEmpty() || last.equals(".") || last.equals("..") ? "__unnamed__" : last;
    }

    private static Optional<Instant> date(String header) {
        try {
            return Optional.of(ZonedDateTime.parse(header, DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant());
        } catch (DateTimeParseException e) {
            return Optional.empty(); // a server's odd clock is no reason to refuse its file
        }
    }
}
