package dev.strata.dockerfile;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads JSON as far as Dockerfiles need it, strictly by RFC 8259 and without recursion. */
final class JsonText {
    private static final int DEEPEST = 10_000;

    private final String text;
    private int at;

    private JsonText(String text) {
        this.text = text;
    }

    /**
     * Arguments that may be a JSON array of strings.
     *
     * @param strings null where it is none
     * @param mixed a JSON array, but not all of its elements are strings
     * @param mistake the first mistake where it only starts like a JSON array
     */
    record Arguments(
            @Nullable List<String> strings,
            boolean mixed,
            @Nullable String mistake) {
        /** No array at all. */
        static final Arguments NONE = new Arguments(null, false, null);
    }

    private static final class Mistake extends Exception {
        Mistake(String message) {
            super(message, null, false, false);
        }
    }

    static Arguments arguments(String written) {
        String text = Whitespace.trimStart(written);
        if (!text.startsWith("[")) {
            return Arguments.NONE;
        }
        try {
            return new JsonText(text).array();
        } catch (Mistake e) {
            return new Arguments(null, false, e.getMessage());
        }
    }

    /** A string member of an object; null where there is none or the text is no JSON object. */
    static @Nullable String member(String text, String name) {
        try {
            return new JsonText(text).object(name);
        } catch (Mistake e) {
            return null;
        }
    }

    private Arguments array() throws Mistake {
        List<String> values = new ArrayList<>();
        boolean onlyStrings = true;
        at++;
        space();
        char c = peek();
        while (c != ']') {
            space();
            if (peek() == '"') {
                values.add(string());
            } else {
                onlyStrings = false;
                value();
            }
            space();
            c = peek();
            if (c != ',' && c != ']') {
                throw expected("a comma or ]");
            }
            at += c == ',' ? 1 : 0;
        }
        at++;
        end();
        return new Arguments(onlyStrings ? values : null, !onlyStrings, null);
    }

    private @Nullable String object(String name) throws Mistake {
        @Nullable String found = null;
        space();
        take('{', "an object");
        space();
        char c = peek();
        while (c != '}') {
            space();
            boolean wanted = key().equals(name);
            space();
            if (wanted && peek() == '"') {
                found = string();
            } else {
                value();
            }
            space();
            c = peek();
            if (c != ',' && c != '}') {
                throw expected("a comma or }");
            }
            at += c == ',' ? 1 : 0;
        }
        at++;
        end();
        return found;
    }

    private void end() throws Mistake {
        space();
        if (at < text.length()) {
            throw expected("nothing more after the end");
        }
    }

    private Mistake expected(String what) {
        String found = at < text.length() ? "\"" + text.charAt(at) + "\"" : "the end";
        return new Mistake("expected " + what + " at character " + (at + 1) + ", found " + found);
    }

    private char peek() {
        return at < text.length() ? text.charAt(at) : '\0';
    }

    private void take(char wanted, String what) throws Mistake {
        if (peek() != wanted) {
            throw expected(what);
        }
        at++;
    }

    private void space() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private String key() throws Mistake {
        if (peek() != '"') {
            throw expected("a quoted name");
        }
        String name = string();
        space();
        take(':', "a colon");
        return name;
    }

    private String string() throws Mistake {
        StringBuilder out = new StringBuilder();
        at++;
        while (peek() != '"') {
            if (at >= text.length()) {
                throw expected("a closing quote");
            }
            char c = text.charAt(at);
            if (c < ' ') {
                throw expected("no control character in a string");
            }
            at++;
            out.append(c == '\\' ? escaped() : c);
        }
        at++;
        return out.toString();
    }

    private char escaped() throws Mistake {
        char c = peek();
        char meant = switch (c) {
            case '"', '\\', '/' -> c;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> unicode();
            default -> throw expected("one of \" \\ / b f n r t u after a backslash");
        };
        at++;
        return meant;
    }

    /** Stops at the last of the four digits. */
    private char unicode() throws Mistake {
        int value = 0;
        for (int i = 0; i < 4; i++) {
            at++;
            int digit = Character.digit(peek(), 16);
            if (digit < 0) {
                throw expected("four hexadecimal digits");
            }
            value = value * 16 + digit;
        }
        return (char) value;
    }

    /** Passes over any value; open brackets are kept in a list, so that no depth exhausts the stack. */
    private void value() throws Mistake {
        List<Character> open = new ArrayList<>();
        boolean valueNext = true;
        do {
            space();
            char c = peek();
            if (valueNext && (c == '[' || c == '{')) {
                at++;
                open.add(c == '[' ? ']' : '}');
                valueNext = opened(open);
            } else if (valueNext) {
                scalar();
                valueNext = false;
            } else if (c == open.getLast()) {
                at++;
                open.removeLast();
            } else {
                take(',', "a comma or " + open.getLast());
                if (open.getLast() == '}') {
                    space();
                    key();
                }
                valueNext = true;
            }
        } while (!open.isEmpty());
    }

    /** Whether a value follows the bracket that was just opened. */
    private boolean opened(List<Character> open) throws Mistake {
        if (open.size() > DEEPEST) {
            throw expected("less nesting");
        }
        space();
        boolean empty = peek() == open.getLast();
        if (!empty && open.getLast() == '}') {
            key();
        }
        return !empty;
    }

    private void scalar() throws Mistake {
        if (peek() == '"') {
            string();
            return;
        }
        for (String word : List.of("true", "false", "null")) {
            if (text.startsWith(word, at)) {
                at += word.length();
                return;
            }
        }
        number();
    }

    private void number() throws Mistake {
        at += peek() == '-' ? 1 : 0;
        if (peek() == '0') {
            at++;
        } else {
            digits("a value");
        }
        if (peek() == '.') {
            at++;
            digits("a digit");
        }
        if (peek() == 'e' || peek() == 'E') {
            at++;
            at += peek() == '+' || peek() == '-' ? 1 : 0;
            digits("a digit");
        }
    }

    private void digits(String what) throws Mistake {
        int start = at;
        while (peek() >= '0' && peek() <= '9') {
            at++;
        }
        if (at == start) {
            throw expected(what);
        }
    }
}
