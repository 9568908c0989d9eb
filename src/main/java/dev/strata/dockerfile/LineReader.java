package dev.strata.dockerfile;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Joins lines to statements: directives, comments, continuations and heredocs. */
final class LineReader {
    /** BuildKit reads no longer ones; continuations may add up to any length. */
    private static final int LONGEST_LINE = 65_535;

    private final List<String> rawLines;
    private final List<String> lines;
    private final List<SyntaxError> errors;
    private final List<Statement> statements = new ArrayList<>();
    private final DirectiveReader directives = new DirectiveReader("#");
    private List<String> comments = new ArrayList<>();
    private char escape = '\\';
    private int at;

    /**
     * @param rawLines each with its line end, the last perhaps without
     * @param lines the same without
     */
    LineReader(List<String> rawLines, List<String> lines, List<SyntaxError> errors) {
        this.rawLines = rawLines;
        this.lines = lines;
        this.errors = errors;
    }

    List<Statement> read() {
        refuseLongLines();
        while (at < lines.size()) {
            String line = lines.get(at++);
            boolean comment = isComment(line);
            if (comment) {
                comment(line);
            }
            String trimmed = Whitespace.trimStart(line);
            boolean directive = directive(trimmed);
            if (directive && !comments.isEmpty()) {
                comments.removeLast();
            }
            String text = comment ? "" : trimmed;
            int continued = continuation(text);
            if (continued < 0 && text.isEmpty()) {
                continue;
            }
            statement(text, continued);
            comments = new ArrayList<>();
        }
        return statements;
    }

    private void refuseLongLines() {
        for (int i = 0; i < rawLines.size(); i++) {
            String line = rawLines.get(i);
            int length = line.endsWith("\n") ? line.length() - 1 : line.length();
            if (length > LONGEST_LINE / 3
                    && line.getBytes(StandardCharsets.UTF_8).length > LONGEST_LINE + line.length() - length) {
                errors.add(new SyntaxError(
                        new Location(i + 1, i + 1),
                        "dockerfile line greater than max allowed size of " + LONGEST_LINE + " bytes",
                        "shorter lines, joined by " + escape + " at their ends",
                        null,
                        null));
            }
        }
    }

    private void comment(String line) {
        String text = Whitespace.trim(line.substring(1));
        if (text.isEmpty()) {
            comments = new ArrayList<>();
        } else {
            comments.add(text);
        }
    }

    private boolean directive(String line) {
        try {
            DirectiveReader.@Nullable Directive directive = directives.read(line, at);
            if (directive != null && directive.name().equals("escape")) {
                setEscape(directive.value());
            }
            if (directive != null && directive.name().equals("check")) {
                Directives.Check.parse(directive.value(), directive.location());
            }
            return directive != null;
        } catch (StatementReader.Malformed e) {
            errors.add(e.error());
            return true;
        } catch (IllegalArgumentException e) {
            errors.add(
                    new SyntaxError(new Location(at, at), "the check directive: " + e.getMessage(), null, null, null));
            return true;
        }
    }

    private void setEscape(String value) {
        if (!value.equals("\\") && !value.equals("`")) {
            errors.add(new SyntaxError(
                    new Location(at, at), "\"" + value + "\" cannot be the escape character", "\\ or `", null, value));
            return;
        }
        escape = value.charAt(0);
    }

    private void statement(String first, int continued) {
        int start = at;
        int emptyContinuation = 0;
        StringBuilder joined = new StringBuilder(continued < 0 ? first : first.substring(0, continued));
        boolean more = continued >= 0;
        while (more && at < lines.size()) {
            String line = lines.get(at++);
            int begin = Whitespace.first(line);
            if (begin < line.length() && line.charAt(begin) == '#') {
                continue;
            }
            if (begin == line.length()) {
                emptyContinuation = at;
                continue;
            }
            int end = continuation(line);
            more = end >= 0;
            joined.append(line, 0, more ? end : line.length());
        }
        Location location = new Location(start, at);
        String text = joined.toString();
        try {
            Statement statement =
                    new StatementReader(escape).read(text, location, comments, emptyContinuation == 0 ? 0 : at);
            List<Heredoc> heredocs = heredocs(statement, text);
            statements.add(heredocs.isEmpty() ? statement : statement.withEnd(at, heredocs));
        } catch (StatementReader.Malformed e) {
            errors.add(e.error());
        }
    }

    private List<Heredoc> heredocs(Statement statement, String line) {
        if (!statement.mayHaveHeredocs() || line.indexOf("<<") < 0) {
            return List.of();
        }
        List<Heredoc> found = new ArrayList<>();
        try {
            for (HeredocWord word : HeredocWord.inLine(line)) {
                found.add(heredoc(word, statement.location()));
            }
        } catch (ExpansionException e) {
            throw new StatementReader.Malformed(
                    new SyntaxError(statement.location(), "the name of a heredoc cannot be read: " + e.getMessage()));
        }
        return found;
    }

    private Heredoc heredoc(HeredocWord word, Location location) {
        StringBuilder text = new StringBuilder();
        while (at < lines.size()) {
            String line = rawLines.get(at);
            String end = lines.get(at++);
            if ((word.stripTabs() ? withoutLeadingTabs(end) : end).equals(word.name())) {
                return new Heredoc(
                        word.name(), word.expand(), word.stripTabs(), word.fileDescriptor(), text.toString());
            }
            text.append(line);
        }
        throw new StatementReader.Malformed(new SyntaxError(
                new Location(location.startLine(), at),
                "unterminated heredoc <<" + word.name(),
                "a line with nothing but " + word.name(),
                null,
                "<<"));
    }

    private static String withoutLeadingTabs(String line) {
        int start = 0;
        while (start < line.length() && line.charAt(start) == '\t') {
            start++;
        }
        return line.substring(start);
    }

    private static boolean isComment(String line) {
        int first = Whitespace.first(line);
        return first < line.length() && line.charAt(first) == '#';
    }

    /** Where the escape character stands that continues the line on the next; -1 where none does. */
    private int continuation(String line) {
        int end = line.length();
        while (end > 0 && (line.charAt(end - 1) == ' ' || line.charAt(end - 1) == '\t')) {
            end--;
        }
        if (end == 0 || line.charAt(end - 1) != escape) {
            return -1;
        }
        return end >= 2 && line.charAt(end - 2) == escape ? -1 : end - 1;
    }
}
