package dev.strata.registry;

import com.fasterxml.jackson.databind.JsonNode;
import dev.strata.image.Json;
import dev.strata.registry.RegistryException.Kind;
import dev.strata.registry.RegistryException.Said;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Turns an answer that is not the wanted one into an error that says whose fault it is and how to mend it. */
final class Refusal {
    private static final int MOST_BYTES = 64 << 10;
    private static final int MOST_WORDS = 300;

    private Refusal() {}

    static RegistryException of(Call call, Answer answer, List<Credential> tried, String places) {
        Said said = said(answer);
        Kind kind = kind(said);
        String aim = "cannot " + call.aim() + ": ";
        String host = call.endpoint().host();
        return switch (kind) {
            case UNAUTHORIZED ->
                error(
                        kind,
                        answer,
                        said,
                        aim
                                + host
                                + (tried.isEmpty()
                                        ? " wants to know who asks, and there are no credentials for it"
                                        : " does not accept the credentials"),
                        tried.isEmpty()
                                ? "Log in to it (" + places + "), or check the name: registries answer the same for a"
                                        + " repository that does not exist"
                                : "Used were " + sources(tried) + ": check that they are current and may reach "
                                        + call.scope().repository());
            case DENIED ->
                error(
                        kind,
                        answer,
                        said,
                        aim + host + " does not allow it",
                        tried.isEmpty()
                                ? "There are no credentials for it (" + places + ")"
                                : "Used were " + sources(tried) + ": they need the right to "
                                        + call.scope().words());
            case NOT_FOUND ->
                error(kind, answer, said, aim + host + " has no such thing", "Check the name and the tag");
            case TOO_LARGE -> error(kind, answer, said, aim + "it is larger than " + host + " takes", null);
            case RATE_LIMITED ->
                error(
                        kind,
                        answer,
                        said,
                        aim + host + " was asked too often",
                        answer.header("Retry-After")
                                .map(time -> "It may be asked again after " + printable(time)
                                        + (time.strip().matches("\\d+") ? " s" : ""))
                                .orElse(
                                        tried.isEmpty()
                                                ? "Logging in often raises the limit"
                                                : "Wait, or use a mirror"));
            case UNAVAILABLE ->
                error(kind, answer, said, aim + host + " has trouble of its own (status " + said.status() + ")", null);
            case PROTOCOL ->
                error(kind, answer, said, aim + host + " answered what the specification does not allow", null);
            case REFUSED, NO_PLATFORM, UNSUPPORTED, CONFIGURATION, TLS, UNREACHABLE, CORRUPT, INTERRUPTED ->
                error(kind, answer, said, aim + host + " refused", null);
        };
    }

    private static RegistryException error(Kind kind, Answer answer, Said said, String what, @Nullable String mend) {
        return new RegistryException(kind, answer.called(), said, what, mend, null);
    }

    private static String sources(List<Credential> tried) {
        return String.join(", ", tried.stream().map(Credential::source).toList());
    }

    private static Kind kind(Said said) {
        if ("TOOMANYREQUESTS".equals(said.code())) {
            return Kind.RATE_LIMITED;
        }
        return switch (said.status()) {
            case 401 -> Kind.UNAUTHORIZED;
            case 403 -> Kind.DENIED;
            case 404 -> Kind.NOT_FOUND;
            case 408 -> Kind.UNAVAILABLE;
            case 413 -> Kind.TOO_LARGE;
            case 429 -> Kind.RATE_LIMITED;
            case 501 -> Kind.REFUSED;
            default -> said.status() >= 500 ? Kind.UNAVAILABLE : said.status() >= 400 ? Kind.REFUSED : Kind.PROTOCOL;
        };
    }

    /** Source: OCI distribution specification, "Error Codes". */
    static Said said(Answer answer) {
        byte[] bytes;
        try {
            bytes = answer.body().readNBytes(MOST_BYTES);
        } catch (IOException e) {
            return answer.said(); // the status alone must do
        }
        try {
            JsonNode error = Json.MAPPER.readTree(bytes).path("errors").path(0);
            return new Said(answer.status(), text(error.path("code")), text(error.path("message")));
        } catch (IOException e) {
            return answer.said(); // a page of a proxy, mostly
        }
    }

    private static @Nullable String text(JsonNode node) {
        String text = printable(node.asText(""));
        return text.isBlank() ? null : text;
    }

    private static String printable(String text) {
        String clean = text.replaceAll("\\p{Cntrl}+", " ").strip();
        return clean.length() > MOST_WORDS ? clean.substring(0, MOST_WORDS) + "…" : clean;
    }
}
