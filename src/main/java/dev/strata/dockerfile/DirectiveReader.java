package dev.strata.dockerfile;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Finds parser directives in the comments at the top; the first line that is none ends them. */
final class DirectiveReader {
    private static final Pattern DIRECTIVE = Pattern.compile("([a-zA-Z][a-zA-Z0-9]*)\\s*=\\s*(.+?)\\s*");

    private final Set<String> seen = new HashSet<>();
    private boolean done;

    record Directive(String name, String value) {}

    /** Null where the line is no directive; {@link StatementReader.Malformed} where one is given twice. */
    @Nullable
    Directive read(String line, int number) {
        if (done) {
            return null;
        }
        Matcher matcher = line.startsWith("#") ? DIRECTIVE.matcher(Whitespace.trimStart(line.substring(1))) : null;
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
        return new Directive(name, matcher.group(2));
    }

    /** What {@code # syntax=} and {@code # check=} say; unlike escape, they may follow a {@code #!} line. */
    static Directives all(List<String> lines, char escape) {
        Directives.@Nullable Syntax syntax = null;
        Directives.@Nullable Check check = null;
        DirectiveReader reader = new DirectiveReader();
        for (int i = !lines.isEmpty() && lines.getFirst().startsWith("#!") ? 1 : 0; i < lines.size(); i++) {
            Directive directive;
            try {
                directive = reader.read(lines.get(i), i + 1);
            } catch (StatementReader.Malformed e) {
                break; // reported where the lines are read
            }
            if (directive == null) {
                break;
            }
            Location location = new Location(i + 1, i + 1);
            if (directive.name().equals("syntax")) {
                syntax = new Directives.Syntax(directive.value(), location);
            } else if (directive.name().equals("check")) {
                check = check(directive.value(), location);
            }
        }
        return new Directives(escape, syntax, check);
    }

    private static Directives.Check check(String value, Location location) {
        List<String> skip = new ArrayList<>();
        List<String> experimental = new ArrayList<>();
        boolean error = false;
        for (String part : value.split(";")) {
            int equals = part.indexOf('=');
            String key = (equals < 0 ? part : part.substring(0, equals)).strip();
            String text = equals < 0 ? "" : part.substring(equals + 1).strip();
            switch (key) {
                case "skip" -> addAll(text, skip);
                case "experimental" -> addAll(text, experimental);
                case "error" -> error = text.equalsIgnoreCase("true");
                default -> {}
            }
        }
        return new Directives.Check(skip, error, experimental, location);
    }

    private static void addAll(String names, List<String> into) {
        for (String name : names.split(",")) {
            if (!name.isBlank()) {
                into.add(name.strip());
            }
        }
    }
}
