package dev.strata.dockerfile;

import dev.strata.dockerfile.Expansion.Expanded;
import dev.strata.dockerfile.Expansion.Variables;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One reading of one value: quotes, escapes and variables. */
final class ShellWord {
    /** Nested deeper, a value is refused rather than the stack exhausted. */
    private static final int DEEPEST = 100;

    /** Characters that variables may bring into one value, or into one heredoc; few lines could else fill any memory. */
    static final int LONGEST = 1 << 20;

    private static final int LONGEST_HEREDOC = 1 << 24;

    private static final char END = '\uffff';

    /** What is kept as written. */
    enum Mode {
        EXPAND(false, false, false, false),
        /** Quotes are the text's own, escapes are not. */
        HEREDOC(true, false, true, false),
        /** To find heredocs in a line: nothing is lost. */
        RAW(true, true, false, true),
        /** To read a heredoc's name, without its quotes. */
        NAME(false, false, false, true),
        /** To see whether a heredoc's name was quoted. */
        QUOTED_NAME(true, false, false, true);

        private final boolean rawQuotes;
        private final boolean rawEscapes;
        private final boolean ignoreQuotes;
        private final boolean keepUnset;

        Mode(boolean rawQuotes, boolean rawEscapes, boolean ignoreQuotes, boolean keepUnset) {
            this.rawQuotes = rawQuotes;
            this.rawEscapes = rawEscapes;
            this.ignoreQuotes = ignoreQuotes;
            this.keepUnset = keepUnset;
        }
    }

    private final String text;
    private final char escape;
    private final Variables variables;
    private final Mode mode;
    private final Set<String> matched = new LinkedHashSet<>();
    private final Set<String> unmatched = new LinkedHashSet<>();
    private int at;
    private int depth;
    private int brought;

    ShellWord(String text, char escape, Variables variables, Mode mode) {
        this.text = text;
        this.escape = escape;
        this.variables = variables;
        this.mode = mode;
    }

    Expanded read() {
        Words words = new Words();
        String whole = until(END, mode.rawEscapes, false, words);
        return new Expanded(
                whole, words.all(), Collections.unmodifiableSet(matched), Collections.unmodifiableSet(unmatched));
    }

    private char peek() {
        return at < text.length() ? text.charAt(at) : END;
    }

    private boolean atEnd() {
        return at >= text.length();
    }

    /**
     * Reads up to a character.
     *
     * @param rawEscapes whether escapes stay
     * @param pattern whether what is read is a pattern, in which a quoted escape must be escaped itself
     */
    private String until(char stop, boolean rawEscapes, boolean pattern, Words words) {
        StringBuilder result = new StringBuilder();
        while (!atEnd()) {
            char c = text.charAt(at);
            if (c == stop && stop != END) {
                at++;
                return result.toString();
            }
            if (c == '$') {
                String value = dollar();
                result.append(value);
                words.add(value);
            } else if (c == '<') {
                String sign = lessThan();
                result.append(sign);
                words.addRaw(sign);
            } else if (!mode.ignoreQuotes && (c == '\'' || c == '"')) {
                String quoted = c == '"' ? doubleQuoted(rawEscapes, pattern) : singleQuoted(pattern);
                result.append(quoted);
                words.addRaw(quoted);
            } else {
                plain(c, rawEscapes, result, words);
            }
        }
        if (stop != END) {
            throw new ExpansionException("the text ends before the " + stop + " that belongs to it");
        }
        return result.toString();
    }

    private void plain(char c, boolean rawEscapes, StringBuilder result, Words words) {
        at++;
        if (c != escape) {
            words.add(c);
            result.append(c);
            return;
        }
        if (rawEscapes) {
            words.addRaw(c);
            result.append(c);
        }
        if (!atEnd()) {
            char escaped = text.charAt(at++);
            words.addRaw(escaped);
            result.append(escaped);
        }
    }

    /** Spaces after the sign of a heredoc belong to its word. */
    private String lessThan() {
        int start = at++;
        if (!atEnd() && text.charAt(at) == '<') {
            at++;
            while (!atEnd() && " \t\r".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
        }
        return text.substring(start, at);
    }

    private String singleQuoted(boolean pattern) {
        int end = text.indexOf('\'', at + 1);
        if (end < 0) {
            at = text.length();
            throw new ExpansionException("a single quote is opened and not closed");
        }
        String quoted = mode.rawQuotes ? text.substring(at, end + 1) : text.substring(at + 1, end);
        at = end + 1;
        String one = String.valueOf(escape);
        return pattern ? quoted.replace(one, one + one) : quoted;
    }

    private String doubleQuoted(boolean rawEscapes, boolean pattern) {
        StringBuilder result = new StringBuilder();
        at++;
        if (mode.rawQuotes) {
            result.append('"');
        }
        while (!atEnd()) {
            char c = text.charAt(at);
            if (c == '"') {
                at++;
                return (mode.rawQuotes ? result.append('"') : result).toString();
            }
            if (c == '$') {
                result.append(dollar());
                continue;
            }
            at++;
            if (c == escape) {
                if (atEnd()) {
                    continue;
                }
                char next = text.charAt(at);
                boolean escapes = next == '"' || next == '$' || next == escape;
                if (rawEscapes && (escapes || pattern || !mode.rawQuotes)) {
                    result.append(c);
                }
                if (escapes) {
                    at++;
                    c = next;
                }
            }
            result.append(c);
        }
        throw new ExpansionException("a double quote is opened and not closed");
    }

    private String dollar() {
        String value = variable();
        brought += value.length();
        if (brought > (mode == Mode.HEREDOC ? LONGEST_HEREDOC : LONGEST)) {
            throw tooLong();
        }
        return value;
    }

    static ExpansionException tooLong() {
        return new ExpansionException("the value grows too long: variables may bring " + LONGEST + " characters");
    }

    private String variable() {
        at++;
        if (peek() != '{' || atEnd()) {
            String name = name();
            if (name.isEmpty()) {
                return "$";
            }
            String value = look(name);
            return value == null ? (mode.keepUnset ? "$" + name : "") : value;
        }
        at++;
        if (atEnd()) {
            throw missingBrace();
        }
        char c = peek();
        if (c == '{' || c == '}' || c == ':') {
            throw new ExpansionException("a name must follow ${");
        }
        if (++depth > DEEPEST) {
            throw new ExpansionException("variables are nested more than " + DEEPEST + " deep");
        }
        String value = braces();
        depth--;
        return value;
    }

    private static ExpansionException missingBrace() {
        return new ExpansionException("the } that belongs to ${ is missing");
    }

    private String braces() {
        String name = name();
        if (atEnd()) {
            throw missingBrace();
        }
        char operator = text.charAt(at++);
        if (operator == '}') {
            String value = look(name);
            return value == null ? (mode.keepUnset ? "${" + name + "}" : "") : value;
        }
        if (operator == '/') {
            return replace(name);
        }
        boolean emptyIsUnset = operator == ':';
        if (emptyIsUnset) {
            if (atEnd()) {
                throw missingBrace();
            }
            operator = text.charAt(at++);
            if ("+-?".indexOf(operator) < 0) {
                throw unsupported(":" + operator);
            }
        } else if ("+-?#%".indexOf(operator) < 0) {
            throw unsupported(String.valueOf(operator));
        }
        boolean pattern = operator == '#' || operator == '%';
        String word = inBraces('}', pattern, pattern);
        return choose(name, operator, emptyIsUnset, word);
    }

    private String inBraces(char stop, boolean raw, boolean pattern) {
        try {
            return until(stop, raw, pattern, new Words());
        } catch (ExpansionException e) {
            if (atEnd()) {
                throw stop == '/' ? new ExpansionException("the / that ends the pattern is missing") : missingBrace();
            }
            throw e;
        }
    }

    private static ExpansionException unsupported(String operator) {
        return new ExpansionException(
                "\"" + operator + "\" is not an operator that can follow a variable's name in ${}");
    }

    private String choose(String name, char operator, boolean emptyIsUnset, String word) {
        String value = look(name);
        String written = (emptyIsUnset ? ":" : "") + operator;
        if (value == null && mode.keepUnset) {
            return "${" + name + written + word + "}";
        }
        boolean usable = value != null && !(emptyIsUnset && value.isEmpty());
        String set = value == null ? "" : value;
        return switch (operator) {
            case '-' -> usable ? set : word;
            case '+' -> usable ? word : "";
            case '?' -> {
                if (!usable) {
                    String why = value == null ? "is not allowed to be unset" : "is not allowed to be empty";
                    throw new ExpansionException(name + ": " + (word.isEmpty() ? why : word));
                }
                yield set;
            }
            case '#' -> {
                boolean longest = word.startsWith("#");
                yield ShellPattern.withoutPrefix(set, longest ? word.substring(1) : word, longest);
            }
            case '%' -> {
                boolean longest = word.startsWith("%");
                yield ShellPattern.withoutSuffix(set, longest ? word.substring(1) : word, longest);
            }
            default -> throw unsupported(written);
        };
    }

    private String replace(String name) {
        boolean all = peek() == '/';
        if (all) {
            at++;
        }
        String pattern = inBraces('/', true, true);
        String replacement = inBraces('}', true, false);
        String value = look(name);
        if (value == null && mode.keepUnset) {
            return "${" + name + "/" + pattern + "/" + replacement + "}";
        }
        return ShellPattern.replace(value == null ? "" : value, pattern, replacement, all);
    }

    /** Letters, digits and underscores; or digits alone; or one of the shell's special parameters. */
    private String name() {
        int start = at;
        if (!atEnd() && "@*#?$!-".indexOf(text.charAt(at)) >= 0) {
            at++;
            return text.substring(start, at);
        }
        boolean number = !atEnd() && Character.isDigit(text.codePointAt(at));
        while (!atEnd()) {
            int c = text.codePointAt(at);
            boolean belongs = Character.isDigit(c) || (!number && (c == '_' || Character.isLetter(c)));
            if (!belongs) {
                break;
            }
            at += Character.charCount(c);
        }
        return text.substring(start, at);
    }

    private @Nullable String look(String name) {
        String value = variables.get(name);
        (value == null ? unmatched : matched).add(name);
        return value;
    }

    /** Splits at spaces while the value is read; what was quoted or escaped never splits. */
    private static final class Words {
        private final List<String> words = new ArrayList<>();
        private final StringBuilder word = new StringBuilder();

        void add(char c) {
            if (!Whitespace.is(c)) {
                word.append(c);
            } else if (!word.isEmpty()) {
                words.add(word.toString());
                word.setLength(0);
            }
        }

        void add(String text) {
            for (int i = 0; i < text.length(); i++) {
                add(text.charAt(i));
            }
        }

        void addRaw(char c) {
            word.append(c);
        }

        void addRaw(String text) {
            word.append(text);
        }

        List<String> all() {
            if (!word.isEmpty()) {
                words.add(word.toString());
                word.setLength(0);
            }
            return List.copyOf(words);
        }
    }
}
