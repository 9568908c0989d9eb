package dev.strata.dockerfile;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;

/**
 * A pattern for paths, matched as a whole in time linear in pattern times path.
 *
 * <p>{@code *} is any run of characters but {@code /}, {@code ?} one of them, {@code [a-z]} and {@code [^a-z]} classes,
 * and a backslash takes the next character as it is. Only in ignore files {@code **} is any run, {@code /} included,
 * and <code>**&#47;</code> any number of folders, even none.
 *
 * <p>Source: Go's {@code path.Match} for COPY and ADD, moby/patternmatcher for ignore files.
 */
public final class PathPattern {
    private final String text;
    private final List<Token> tokens;

    private PathPattern(String text, List<Token> tokens) {
        this.text = text;
        this.tokens = tokens;
    }

    private sealed interface Token {
        record Literal(int character) implements Token {}

        /** One character but {@code /}. */
        record One() implements Token {}

        /** Any run without {@code /}. */
        record Run() implements Token {}

        /** Any run. */
        record Any() implements Token {}

        /** The next two tokens, which are any run and a {@code /}, or neither. */
        record Maybe() implements Token {}

        record OneOf(boolean negated, List<Range> ranges) implements Token {
            boolean has(int character) {
                return negated != ranges.stream().anyMatch(range -> range.has(character));
            }
        }
    }

    private record Range(int low, int high) {
        boolean has(int character) {
            return character >= low && character <= high;
        }
    }

    /** A source of COPY or ADD. An {@link IllegalArgumentException} says what is wrong with the pattern. */
    public static PathPattern ofSource(String pattern) {
        return new PathPattern(pattern, new Reader(pattern, false).tokens());
    }

    /** A line of an ignore file, or what {@code --exclude} and {@code --parents} take. */
    public static PathPattern ofIgnore(String pattern) {
        return new PathPattern(pattern, new Reader(pattern, true).tokens());
    }

    /** Whether a source of COPY or ADD is a pattern, not just a path. */
    public static boolean isPattern(String source) {
        for (int i = 0; i < source.length(); i++) {
            char c = source.charAt(i);
            if (c == '*' || c == '?' || c == '[') {
                return true;
            }
            if (c == '\\') {
                i++;
            }
        }
        return false;
    }

    /** Whether the whole path, written without a leading {@code /}, matches. */
    public boolean matches(String path) {
        BitSet states = new BitSet(tokens.size() + 1);
        reach(states, 0);
        int at = 0;
        while (at < path.length() && !states.isEmpty()) {
            int character = path.codePointAt(at);
            at += Character.charCount(character);
            states = step(states, character);
        }
        return states.get(tokens.size());
    }

    /** Adds a state and those that it reaches without a character. */
    private void reach(BitSet states, int start) {
        Deque<Integer> open = new ArrayDeque<>(List.of(start));
        while (!open.isEmpty()) {
            int state = open.pop();
            if (states.get(state)) {
                continue;
            }
            states.set(state);
            if (state == tokens.size()) {
                continue;
            }
            switch (tokens.get(state)) {
                case Token.Run(), Token.Any() -> open.push(state + 1);
                case Token.Maybe() -> {
                    open.push(state + 1);
                    open.push(state + 3);
                }
                case Token.Literal literal -> {}
                case Token.One one -> {}
                case Token.OneOf oneOf -> {}
            }
        }
    }

    private BitSet step(BitSet states, int character) {
        BitSet next = new BitSet(tokens.size() + 1);
        for (int state = states.nextSetBit(0);
                state >= 0 && state < tokens.size();
                state = states.nextSetBit(state + 1)) {
            switch (tokens.get(state)) {
                case Token.Literal(int wanted) when wanted == character -> reach(next, state + 1);
                case Token.One() when character != '/' -> reach(next, state + 1);
                case Token.OneOf one when one.has(character) -> reach(next, state + 1);
                case Token.Run() when character != '/' -> reach(next, state);
                case Token.Any() -> reach(next, state);
                case Token.Literal literal -> {}
                case Token.One one -> {}
                case Token.OneOf one -> {}
                case Token.Run run -> {}
                case Token.Maybe maybe -> {}
            }
        }
        return next;
    }

    /** Reads a pattern's text. */
    private static final class Reader {
        private final String pattern;
        private final boolean ignore;
        private final List<Token> tokens = new ArrayList<>();
        private int at;

        Reader(String pattern, boolean ignore) {
            this.pattern = pattern;
            this.ignore = ignore;
        }

        List<Token> tokens() {
            while (at < pattern.length()) {
                int character = next();
                switch (character) {
                    case '*' -> star();
                    case '?' -> tokens.add(new Token.One());
                    case '[' -> tokens.add(oneOf());
                    case '\\' -> tokens.add(new Token.Literal(escaped()));
                    default -> tokens.add(new Token.Literal(character));
                }
            }
            return List.copyOf(tokens);
        }

        /** As patternmatcher has it, {@code **name} is a suffix, but {@code **name*} looks at whole names. */
        private boolean endsLiterally() {
            return pattern.substring(at).chars().noneMatch(c -> "*?[]\\".indexOf(c) >= 0);
        }

        private int next() {
            if (at >= pattern.length()) {
                throw wrong("it ends too early");
            }
            int character = pattern.codePointAt(at);
            at += Character.charCount(character);
            return character;
        }

        private boolean take(char wanted) {
            boolean there = at < pattern.length() && pattern.charAt(at) == wanted;
            at += there ? 1 : 0;
            return there;
        }

        private IllegalArgumentException wrong(String why) {
            return new IllegalArgumentException("syntax error in pattern \"" + pattern + "\": " + why);
        }

        private int escaped() {
            if (at >= pattern.length()) {
                throw wrong("a backslash needs a character behind it");
            }
            return next();
        }

        private void star() {
            if (!ignore || !take('*')) {
                if (tokens.isEmpty() || !(tokens.getLast() instanceof Token.Run)) {
                    tokens.add(new Token.Run());
                }
                return;
            }
            boolean first = tokens.isEmpty();
            boolean folders = take('/');
            if (at == pattern.length() || (first && !folders && endsLiterally())) {
                tokens.add(new Token.Any());
            } else {
                tokens.add(new Token.Maybe());
                tokens.add(new Token.Any());
                tokens.add(new Token.Literal('/'));
            }
        }

        private Token oneOf() {
            boolean negated = take('^');
            List<Range> ranges = new ArrayList<>();
            while (ranges.isEmpty() || !take(']')) {
                int low = bound();
                int high = take('-') ? bound() : low;
                if (ignore && high < low) {
                    throw wrong("a range in [] goes backwards");
                }
                ranges.add(new Range(low, high));
            }
            return new Token.OneOf(negated, List.copyOf(ranges));
        }

        private int bound() {
            if (at >= pattern.length()) {
                throw wrong("a [ has no ] that belongs to it");
            }
            int character = next();
            if (character == '-' || character == ']') {
                throw wrong("\"" + Character.toString(character) + "\" in [] needs a backslash before it");
            }
            return character == '\\' ? escaped() : character;
        }
    }

    @Override
    public String toString() {
        return text;
    }
}
