package dev.strata.dockerfile;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Finds parser directives in the comments at the top; the first line that is none ends them. */
final class DirectiveReader {
    /** No more lines than this can be directives; each of the three is given once. */
    private static final int MOST = 8;

    private final String comment;
    private final Set<String> seen = new HashSet<>();
    private boolean done;

    /** @param comment what a directive's line begins with */
    DirectiveReader(String comment) {
        this.comment = comment;
    }

    record Directive(String name, String value, int line) {
        Location location() {
            return new Location(line, line);
        }
    }

    /** A line that has the form of a directive: a word, an equals sign, and something behind it. */
    private record Written(String name, String value) {
        static @Nullable Written parse(String text) {
            int nameEnd = 0;
            while (nameEnd < text.length() && isOfName(text.charAt(nameEnd), nameEnd == 0)) {
                nameEnd++;
            }
            int equals = pastSpace(text, nameEnd);
            if (nameEnd == 0 || equals + 1 >= text.length() || text.charAt(equals) != '=') {
                return null;
            }
            int end = text.length();
            while (end > equals + 2 && isSpace(text.charAt(end - 1))) {
                end--;
            }
            int start = Math.min(pastSpace(text, equals + 1), end - 1);
            String value = text.substring(start, end);
            return value.indexOf('\n') < 0 ? new Written(text.substring(0, nameEnd), value) : null;
        }

        private static boolean isOfName(char c, boolean first) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (!first && c >= '0' && c <= '9');
        }

        private static int pastSpace(String text, int from) {
            int at = from;
            while (at < text.length() && isSpace(text.charAt(at))) {
                at++;
            }
            return at;
        }

        private static boolean isSpace(char c) {
            return c == ' ' || c == '\t' || c == '\f' || c == '\r';
        }
    }

    /** Null where the line is no directive; {@link StatementReader.Malformed} where one is given twice. */
    @Nullable
    Directive read(String line, int number) {
        if (done) {
            return null;
        }
        Written written =
                line.startsWith(comment) ? Written.parse(Whitespace.trimStart(line.substring(comment.length()))) : null;
        if (written == null) {
            done = true;
            return null;
        }
        String name = written.name().toLowerCase(Locale.ROOT);
        if (!name.equals("escape") && !name.equals("syntax") && !name.equals("check")) {
            done = true;
            return null;
        }
        if (!seen.add(name)) {
            throw new StatementReader.Malformed(new SyntaxError(
                    new Location(number, number),
                    "the directive " + name + " is given twice",
                    "one " + name + " directive at most",
                    null,
                    written.name()));
        }
        return new Directive(name, written.value(), number);
    }

    /** All directives of a file. */
    static Directives all(String text) {
        List<String> lines = Lines.withoutEnds(Lines.first(text, MOST));
        // Unlike escape, syntax and check may follow a #! line.
        int first = !lines.isEmpty() && lines.getFirst().startsWith("#!") ? 1 : 0;
        Map<String, Directive> found = new DirectiveReader("#").read(lines, first);
        Directive syntax = found.get("syntax");
        if (syntax == null) {
            syntax = new DirectiveReader("//").read(lines, first).get("syntax");
        }
        if (syntax == null && Whitespace.trimStart(text).startsWith("{")) {
            String value = JsonText.member(text, "syntax");
            syntax = value == null ? null : new Directive("syntax", value, 1);
        }
        Directive check = found.get("check");
        return new Directives(
                escape(lines), syntax == null ? null : syntax(syntax), check == null ? null : lenientCheck(check));
    }

    private Map<String, Directive> read(List<String> lines, int first) {
        Map<String, Directive> found = new HashMap<>();
        for (int i = first; i < lines.size() && !done; i++) {
            try {
                Directive directive = read(lines.get(i), i + 1);
                if (directive != null) {
                    found.put(directive.name(), directive);
                }
            } catch (StatementReader.Malformed e) {
                break; // reported where the lines are read
            }
        }
        return found;
    }

    private static char escape(List<String> lines) {
        List<String> trimmed = new ArrayList<>();
        for (String line : lines) {
            trimmed.add(Whitespace.trimStart(line));
        }
        Directive escape = new DirectiveReader("#").read(trimmed, 0).get("escape");
        return escape != null && escape.value().equals("`") ? '`' : '\\';
    }

    private static Directives.Syntax syntax(Directive directive) {
        String written = directive.value();
        int space = written.indexOf(' ');
        return new Directives.Syntax(space < 0 ? written : written.substring(0, space), written, directive.location());
    }

    /** What a comment {@code # check=} above an instruction says for it alone; null where there is none. */
    static Directives.@Nullable Check checkAbove(Source source) {
        for (String comment : source.comments()) {
            if (comment.regionMatches(true, 0, "check", 0, "check".length())) {
                Directive directive = new DirectiveReader("").line(comment);
                if (directive != null && directive.name().equals("check")) {
                    return lenientCheck(directive);
                }
            }
        }
        return null;
    }

    private @Nullable Directive line(String text) {
        return read(text, 1);
    }

    /** A mistake in it is reported where the lines are read. */
    private static Directives.@Nullable Check lenientCheck(Directive directive) {
        try {
            return Directives.Check.parse(directive.value(), directive.location());
        } catch (IllegalArgumentException e) {
            return null;
        }
    }
}
