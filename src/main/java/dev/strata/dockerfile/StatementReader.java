package dev.strata.dockerfile;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Splits one joined line into keyword, flags and arguments, by the rules of its keyword. */
final class StatementReader {
    private final char escape;

    StatementReader(char escape) {
        this.escape = escape;
    }

    /** A line that breaks the rules of its keyword. */
    static final class Malformed extends RuntimeException {
        private final transient SyntaxError error;

        Malformed(SyntaxError error) {
            super(error.message(), null, false, false);
            this.error = error;
        }

        SyntaxError error() {
            return error;
        }
    }

    Statement read(String line, Location location, List<String> comments, int emptyContinuation) {
        return read(line, location, comments, emptyContinuation, true);
    }

    private Statement read(
            String line, Location location, List<String> comments, int emptyContinuation, boolean withTrigger) {
        List<String> parts = Whitespace.split(Whitespace.trim(line), 2);
        Source source = new Source(location, parts.getFirst(), line, comments, emptyContinuation);
        List<String> flags = new ArrayList<>();
        String rest = parts.size() < 2 ? "" : Whitespace.trim(FlagWords.split(parts.get(1), flags));
        Statement bare = new Statement(
                source, parts.getFirst().toLowerCase(Locale.ROOT), flags, List.of(), false, null, List.of(), null);
        return switch (bare.name()) {
            case "add", "copy", "volume" -> jsonOr(bare, rest, Whitespace.split(rest, Integer.MAX_VALUE));
            case "cmd", "entrypoint", "run", "shell" -> jsonOr(bare, rest, List.of(rest));
            case "expose", "from" -> with(bare, rest.isEmpty() ? List.of() : Whitespace.split(rest, Integer.MAX_VALUE));
            case "maintainer", "stopsignal", "user", "workdir" ->
                with(bare, rest.isEmpty() ? List.of() : List.of(rest));
            case "arg" -> with(bare, QuotedWords.split(rest, escape));
            case "env", "label" -> with(bare, pairs(bare, rest));
            case "healthcheck" -> healthcheck(bare, rest);
            case "onbuild" -> onBuild(bare, rest, withTrigger);
            default -> bare;
        };
    }

    private static Statement with(Statement bare, List<String> arguments) {
        return new Statement(bare.source(), bare.name(), bare.flags(), arguments, false, null, List.of(), null);
    }

    private static Statement jsonOr(Statement bare, String rest, List<String> otherwise) {
        if (rest.isEmpty()) {
            return bare;
        }
        JsonText.Arguments read = JsonText.arguments(rest);
        List<String> strings = read.strings();
        if (strings != null) {
            return new Statement(bare.source(), bare.name(), bare.flags(), strings, true, null, List.of(), null);
        }
        if (read.mixed()) {
            throw new Malformed(new SyntaxError(
                    bare.location(),
                    bare.source().keyword().toUpperCase(Locale.ROOT)
                            + ": a JSON array of arguments may have strings only",
                    "every element in double quotes",
                    null,
                    rest));
        }
        return new Statement(
                bare.source(), bare.name(), bare.flags(), otherwise, false, read.mistake(), List.of(), null);
    }

    private List<String> pairs(Statement bare, String rest) {
        List<String> words = QuotedWords.split(rest, escape);
        String keyword = bare.source().keyword().toUpperCase(Locale.ROOT);
        if (words.isEmpty()) {
            return List.of();
        }
        List<String> threes = new ArrayList<>();
        if (words.getFirst().indexOf('=') < 0) {
            List<String> parts = Whitespace.split(rest, 2);
            if (parts.size() < 2) {
                throw new Malformed(new SyntaxError(
                        bare.location(),
                        keyword + " must have two arguments",
                        keyword + " " + rest + "=value",
                        null,
                        rest));
            }
            return List.of(parts.getFirst(), parts.get(1), "");
        }
        for (String word : words) {
            int equals = word.indexOf('=');
            if (equals < 0) {
                throw new Malformed(new SyntaxError(
                        bare.location(),
                        keyword + ": \"" + word + "\" has no equals sign",
                        "name=value, with quotes around a value that has spaces",
                        null,
                        word));
            }
            threes.add(word.substring(0, equals));
            threes.add(word.substring(equals + 1));
            threes.add("=");
        }
        return threes;
    }

    private static Statement healthcheck(Statement bare, String rest) {
        int end = 0;
        while (end < rest.length() && !Whitespace.is(rest.charAt(end))) {
            end++;
        }
        if (end == 0) {
            return bare;
        }
        String command = Whitespace.trimStart(rest.substring(end));
        Statement read = jsonOr(bare, command, List.of(command));
        List<String> arguments = new ArrayList<>();
        arguments.add(rest.substring(0, end));
        arguments.addAll(read.arguments());
        return new Statement(
                bare.source(), bare.name(), bare.flags(), arguments, read.json(), read.jsonMistake(), List.of(), null);
    }

    /** A trigger's own trigger is not read: it is refused anyway, and a long chain would exhaust the stack. */
    private Statement onBuild(Statement bare, String rest, boolean withTrigger) {
        @Nullable
        Statement trigger = rest.isEmpty() || !withTrigger ? null : read(rest, bare.location(), List.of(), 0, false);
        List<String> arguments = new ArrayList<>();
        if (trigger != null) {
            arguments.add(trigger.source().keyword());
            arguments.addAll(trigger.arguments());
        }
        return new Statement(
                bare.source(),
                bare.name(),
                bare.flags(),
                arguments,
                trigger != null && trigger.json(),
                null,
                List.of(),
                trigger);
    }
}
