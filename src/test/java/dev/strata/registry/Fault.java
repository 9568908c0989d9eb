package dev.strata.registry;

import java.util.Map;

/** What a {@link MemoryRegistry} does instead of answering as it should. */
public sealed interface Fault {
    /** Answers with a status. */
    record Status(int status, Map<String, String> headers, String body) implements Fault {}

    /** Takes and keeps some bytes of the request's body, then drops the connection. */
    record CutRequest(int after) implements Fault {}

    /** Carries the request out, then drops the connection instead of answering. */
    record LoseAnswer() implements Fault {}

    /** Sends some bytes of the answer's body, then drops the connection. */
    record CutAnswer(int after) implements Fault {}

    /** Changes a byte of the answer's body. */
    record Damage() implements Fault {}

    /** Sends some bytes of the answer's body, then nothing more until the registry is closed. */
    record Hang(int after) implements Fault {}

    /** Sends some bytes of the answer's body at 1 kB/s, then nothing more until the registry is closed. */
    record Slow(int after) implements Fault {}

    /** Cuts the answer's body as if it had been so short. */
    record Shorten(int to) implements Fault {}

    static Fault status(int status) {
        return new Status(status, Map.of(), "");
    }

    static Fault error(int status, String code, String message) {
        return new Status(
                status, Map.of(), "{\"errors\":[{\"code\":\"" + code + "\",\"message\":\"" + message + "\"}]}");
    }

    static Fault busy(int status, String retryAfter) {
        return new Status(status, Map.of("Retry-After", retryAfter), "");
    }
}
