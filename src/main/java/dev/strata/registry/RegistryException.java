package dev.strata.registry;

import java.net.URI;
import java.time.Duration;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A call to a registry that did not give what was asked for, with all that is known about it. */
public final class RegistryException extends RuntimeException {
    private static final Set<String> PLAIN_PARAMETERS =
            Set.of("digest", "mount", "from", "n", "last", "scope", "service", "artifactType");
    private static final Pattern PARAMETER = Pattern.compile("([^=&]+)(?:=([^&]*))?");

    /** What went wrong, in the terms that decide what happens next. */
    public enum Kind {
        /** 401: no credentials, or not the right ones. The user's to mend. */
        UNAUTHORIZED(false),
        /** 403: the credentials are known but may not do this. The user's to mend. */
        DENIED(false),
        /** 404: no such repository, tag, manifest or blob. The user's to mend. */
        NOT_FOUND(false),
        /** The name exists, but for no platform that was asked for. The user's to mend. */
        NO_PLATFORM(false),
        /** What was found is no image that can be built on, such as a schema 1 manifest or an artifact. */
        UNSUPPORTED(false),
        /** Any other refusal, status 4xx. The registry's own code and message say why. */
        REFUSED(false),
        /** More bytes than a document of its kind may have, or than the registry takes. */
        TOO_LARGE(false),
        /** Our own set-up is wrong: a mirror's address, a docker config, a certificate. The user's to mend. */
        CONFIGURATION(false),
        /** The TLS handshake failed: an unknown authority, a wrong name, or no TLS at the other end. */
        TLS(false),
        /** 429, longer than patience lasts. The outside's fault. */
        RATE_LIMITED(true),
        /** No answer: unknown host, refused or broken connection, time-out. The outside's fault. */
        UNREACHABLE(true),
        /** Status 5xx. The outside's fault. */
        UNAVAILABLE(true),
        /** Bytes that do not hash to their name, or that are fewer or more than announced. */
        CORRUPT(true),
        /** An answer that the specification does not allow. The outside's fault. */
        PROTOCOL(false),
        /** The calling thread was interrupted; its interrupt flag is set again. */
        INTERRUPTED(true);

        private final boolean temporary;

        Kind(boolean temporary) {
            this.temporary = temporary;
        }
    }

    private final Kind kind;
    private final @Nullable String method;
    private final @Nullable String url;
    private final int status;
    private final @Nullable String code;
    private final @Nullable String registryMessage;
    private final String what;
    private final @Nullable String mend;
    private transient @Nullable Duration retryAfter;

    RegistryException(
            Kind kind,
            @Nullable Called called,
            @Nullable Said said,
            String what,
            @Nullable String mend,
            @Nullable Throwable cause) {
        super(sentence(what, mend, called, said), cause);
        this.kind = kind;
        this.method = called == null ? null : called.method();
        this.url = called == null ? null : redact(called.uri());
        this.status = said == null ? 0 : said.status();
        this.code = said == null ? null : said.code();
        this.registryMessage = said == null ? null : said.message();
        this.what = what;
        this.mend = mend;
    }

    /** What was asked. */
    record Called(String method, URI uri) {}

    /**
     * What the registry said.
     *
     * @param code one of the specification's, such as {@code NAME_UNKNOWN}; null where it gave none
     * @param message the registry's own words; null where it gave none
     */
    record Said(int status, @Nullable String code, @Nullable String message) {}

    /** Our own set-up is wrong; nothing was asked. */
    static RegistryException configuration(String what, @Nullable String mend, @Nullable Throwable cause) {
        return new RegistryException(Kind.CONFIGURATION, null, null, what, mend, cause);
    }

    private static String sentence(String what, @Nullable String mend, @Nullable Called called, @Nullable Said said) {
        StringBuilder text = new StringBuilder(what);
        if (said != null && (said.code() != null || said.message() != null)) {
            text.append(" (the registry says: ")
                    .append(Stream.of(said.code(), said.message())
                            .filter(part -> part != null && !part.isBlank())
                            .collect(Collectors.joining(": ")))
                    .append(')');
        }
        if (called != null) {
            text.append(" [").append(called.method()).append(' ').append(redact(called.uri()));
            if (said != null) {
                text.append(": ").append(said.status());
            }
            text.append(']');
        }
        return mend == null ? text.toString() : text.append(". ").append(mend).toString();
    }

    /** An address without user, password and the values of parameters that may be secrets. */
    static String redact(URI uri) {
        StringBuilder text = new StringBuilder();
        if (uri.getScheme() != null) {
            text.append(uri.getScheme()).append("://");
        }
        if (uri.getHost() != null) {
            text.append(uri.getHost());
            if (uri.getPort() >= 0) {
                text.append(':').append(uri.getPort());
            }
        }
        text.append(uri.getRawPath() == null ? "" : uri.getRawPath());
        if (uri.getRawQuery() != null) {
            text.append('?')
                    .append(PARAMETER
                            .matcher(uri.getRawQuery())
                            .results()
                            .map(found -> found.group(2) == null || PLAIN_PARAMETERS.contains(found.group(1))
                                    ? found.group()
                                    : found.group(1) + "=…")
                            .collect(Collectors.joining("&")));
        }
        return text.toString();
    }

    public Kind kind() {
        return kind;
    }

    /** The HTTP method; null where nothing was asked. */
    public @Nullable String method() {
        return method;
    }

    /** The address without secrets; null where nothing was asked. */
    public @Nullable String url() {
        return url;
    }

    /** The HTTP status; 0 where no answer came. */
    public int status() {
        return status;
    }

    /** The registry's own code, such as {@code NAME_UNKNOWN}. */
    public @Nullable String code() {
        return code;
    }

    /** The registry's own words. */
    public @Nullable String registryMessage() {
        return registryMessage;
    }

    /** Whether asking again later may help, without anybody changing anything. */
    public boolean temporary() {
        return kind.temporary;
    }

    /** How long the registry asked to be left alone; null where it did not. */
    public @Nullable Duration retryAfter() {
        return retryAfter;
    }

    RegistryException withRetryAfter(@Nullable Duration time) {
        retryAfter = time;
        return this;
    }

    /** Whether it is the fault of the registry or the network, and nothing that the user wrote. */
    public boolean outside() {
        return kind == Kind.PROTOCOL || kind.temporary;
    }

    /** What happened, without how to mend it. */
    public String what() {
        return what;
    }

    /** What the reader can do about it; null where it is plain. */
    public @Nullable String mend() {
        return mend;
    }
}
