package dev.strata.dockerfile;

import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A mount of RUN, from {@code --mount=type=...}. Targets are as written, perhaps relative to the working directory. */
public sealed interface RunMount {

    /** Where it is mounted; null for a secret or an SSH socket at its default place. */
    @Nullable
    String target();

    /** @param from a stage, a named context or an image; null: the build context */
    record Bind(
            @Nullable String from,
            @Nullable String source,
            @Nullable String target,
            boolean readOnly) implements RunMount {}

    /** How builds that use a cache at once share it. */
    enum Sharing {
        SHARED,
        PRIVATE,
        LOCKED
    }

    /**
     * A folder that lives on between builds.
     *
     * @param id null: the target is the id
     * @param from what an empty cache starts with; null: nothing
     * @param mode octal mode bits; null: 0755
     */
    record Cache(
            @Nullable String id,
            @Nullable String from,
            @Nullable String source,
            @Nullable String target,
            boolean readOnly,
            Sharing sharing,
            @Nullable Integer mode,
            @Nullable Long uid,
            @Nullable Long gid)
            implements RunMount {}

    /**
     * A secret as a file, a variable or both.
     *
     * @param id the secret's id: the option {@code id} or {@code source}, else the last part of the target
     * @param environment the variable that gets the secret; null: none
     */
    record Secret(
            String id,
            @Nullable String target,
            @Nullable String environment,
            boolean required,
            @Nullable Integer mode,
            @Nullable Long uid,
            @Nullable Long gid)
            implements RunMount {}

    /** @param id null: {@code default} */
    record Ssh(
            @Nullable String id,
            @Nullable String target,
            boolean required,
            @Nullable Integer mode,
            @Nullable Long uid,
            @Nullable Long gid)
            implements RunMount {}

    /** @param size limit in bytes; null: none */
    record Tmpfs(@Nullable String target, @Nullable Long size) implements RunMount {}

    /**
     * Reads a flag's value.
     *
     * @param expand expands the variables of one option's value
     * @throws IllegalArgumentException that says what is wrong
     */
    static RunMount parse(String value, UnaryOperator<String> expand) {
        return new RunMountReader(expand).read(value);
    }

    /** The option {@code from} of a flag's value, which never has variables; empty where there is none. */
    static String from(String value) {
        String from = "";
        for (String field : CommaFields.split(value)) {
            if (field.regionMatches(true, 0, "from=", 0, 5)) {
                from = field.substring(5);
            }
        }
        return from;
    }

    List<String> TYPES = List.of("bind", "cache", "secret", "ssh", "tmpfs");

    /** What can be said before variables are known: the form, and that from has no variable. */
    static void checkEarly(String value, Location location) {
        try {
            for (String field : CommaFields.split(value)) {
                int equals = field.indexOf('=');
                if (equals == "from".length()
                        && field.regionMatches(true, 0, "from", 0, equals)
                        && hasVariable(field, equals)) {
                    throw new IllegalArgumentException(
                            "'from' doesn't support variable expansion, define alias stage instead");
                }
            }
        } catch (IllegalArgumentException e) {
            throw new StatementReader.Malformed(
                    new SyntaxError(location, "--mount=" + value + ": " + e.getMessage(), null, null, value));
        }
    }

    private static boolean hasVariable(String field, int from) {
        int dollar = field.indexOf('$', from);
        return dollar >= 0 && dollar + 1 < field.length();
    }
}
