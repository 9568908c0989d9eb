package dev.strata.dockerfile;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Finds parser directives in the comments at the top; the first line that is none ends them. */
final class DirectiveReader {
    private static final Pattern DIRECTIVE =
            Pattern.compile("([a-zA-Z][a-zA-Z0-9]*)[\\t\\f\\r ]*=[\\t\\f\\r ]*(.+?)[\\t\\f\\r ]*");

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

    /** Null where the line is no directive; {@link StatementReader.Malformed} where one is given twice. */
    @Nullable
    Directive read(String line, int number) {
        if (done) {
            return null;
        }
        Matcher matcher = line.startsWith(comment)
                ? DIRECTIVE.matcher(Whitespace.trimStart(line.substring(comment.length())))
                : null;
        if (matcher == null || !matcher.matches()) {
            done = true;
            return null;
        }
        String name = matcher.group(1).toLowerCase(Locale.ROOT);
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
                    matcher.group(1)));
        }
        return new Directive(name, matcher.group(2), number);
    }

    /** All directives of a file. */
    static Directives all(String text) {
        List<String> lines =
                Lines.first(text, MOST).stream().map(Lines::withoutEnd).toList();
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
        List<String> trimmed = lines.stream().map(Whitespace::trimStart).toList();
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
