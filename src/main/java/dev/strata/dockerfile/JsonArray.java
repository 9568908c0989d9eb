package dev.strata.dockerfile;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads arguments written as a JSON array of strings, strictly by RFC 8259. */
final class JsonArray {
    private static final int DEEPEST = 10_000;

    private final String text;
    private int at;

    private JsonArray(String text) {
        this.text = text;
    }

    /** What the arguments are. */
    sealed interface Result {
        record Strings(List<String> values) implements Result {}

        /** A JSON array, but not all of its elements are strings. */
        record Mixed() implements Result {}

        /** No JSON array; where it starts like one, the place of the first mistake. */
        record No(@Nullable String mistake) implements Result {}
    }

    private static final class Mistake extends Exception {
        Mistake(String message) {
            super(message, null, false, false);
        }
    }

    static Result parse(String arguments) {
        String text = Whitespace.trimStart(arguments);
        if (!text.startsWith("[")) {
            return new Result.No(null);
        }
        try {
            return new JsonArray(text).array();
        } catch (Mistake e) {
            return new Result.No(e.getMessage());
        }
    }

    private Result array() throws Mistake {
        List<String> values = new ArrayList<>();
        boolean onlyStrings = true;
        at++;
        space();
        if (peek() == ']') {
            at++;
            end();
            return new Result.Strings(List.of());
        }
        while (true) {
            space();
            if (peek() == '"') {
                values.add(string());
            } else {
                onlyStrings = false;
                value();
            }
            space();
            char c = next("a comma or ]");
            if (c == ']') {
                end();
                return onlyStrings ? new Result.Strings(values) : new Result.Mixed();
            }
            if (c != ',') {
                throw expected("a comma or ]", at - 1);
            }
        }
    }

    private void end() throws Mistake {
        space();
        if (at < text.length()) {
            throw expected("nothing more after the array", at);
        }
    }

    private Mistake expected(String what, int place) {
        String found = place < text.length() ? "\"" + text.charAt(place) + "\"" : "the end";
        return new Mistake("expected " + what + " at character " + (place + 1) + ", found " + found);
    }

    private char peek() {
        return at < text.length() ? text.charAt(at) : '\0';
    }

    private char next(String what) throws Mistake {
        if (at >= text.length()) {
            throw expected(what, at);
        }
        return text.charAt(at++);
    }

    private void space() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private String string() throws Mistake {
        StringBuilder out = new StringBuilder();
        at++;
        while (true) {
            char c = next("a closing quote");
            if (c == '"') {
                return out.toString();
            }
            if (c < 0x20) {
                throw expected("no control character in a string", at - 1);
            }
            out.append(c == '\\' ? escaped() : c);
        }
    }

    private char escaped() throws Mistake {
        char c = next("an escaped character");
        return switch (c) {
            case '"', '\\', '/' -> c;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> unicode();
            default -> throw expected("one of \" \\ / b f n r t u after a backslash", at - 1);
        };
    }

    private char unicode() throws Mistake {
        int value = 0;
        for (int i = 0; i < 4; i++) {
            int digit = Character.digit(next("four hexadecimal digits"), 16);
            if (digit < 0) {
                throw expected("four hexadecimal digits", at - 1);
            }
            value = value * 16 + digit;
        }
        return (char) value;
    }

    /** Passes over any value; nested ones are counted, not called, so that no depth exhausts the stack. */
    private void value() throws Mistake {
        List<Character> open = new ArrayList<>();
        boolean wanted = true;
        do {
            space();
            char c = next("a value");
            if (wanted && (c == '[' || c == '{')) {
                open.add(c);
                if (open.size() > DEEPEST) {
                    throw expected("less nesting", at - 1);
                }
                space();
                if (peek() == (c == '[' ? ']' : '}')) {
                    wanted = false;
                } else if (c == '{') {
                    key();
                }
                continue;
            }
            if (wanted) {
                at--;
                scalar();
                wanted = false;
            } else if (c == ',' && !open.isEmpty()) {
                if (open.getLast() == '{') {
                    space();
                    key();
                }
                wanted = true;
            } else if (!open.isEmpty() && c == (open.getLast() == '[' ? ']' : '}')) {
                open.removeLast();
            } else {
                throw expected("a comma or the end of the value", at - 1);
            }
        } while (!open.isEmpty() || wanted);
    }

    private void key() throws Mistake {
        if (peek() != '"') {
            throw expected("a quoted name", at);
        }
        string();
        space();
        if (next("a colon") != ':') {
            throw expected("a colon", at - 1);
        }
    }

    private static final java.util.regex.Pattern SCALAR =
            java.util.regex.Pattern.compile("true|false|null|-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?");

    private void scalar() throws Mistake {
        if (peek() == '"') {
            string();
            return;
        }
        java.util.regex.Matcher matcher = SCALAR.matcher(text).region(at, text.length());
        if (!matcher.lookingAt()) {
            throw expected("a value", at);
        }
        at = matcher.end();
    }
}
