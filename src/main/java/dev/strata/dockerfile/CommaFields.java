package dev.strata.dockerfile;

import java.util.ArrayList;
import java.util.List;

/** Fields separated by commas, with CSV's double quotes: the values of {@code --mount} and {@code --device}. */
final class CommaFields {
    private CommaFields() {}

    /** Splits by RFC 4180's rules for one record. */
    static List<String> split(String value) {
        if (value.isEmpty()) {
            throw new IllegalArgumentException("the value is empty");
        }
        List<String> fields = new ArrayList<>();
        int at = 0;
        while (true) {
            StringBuilder field = new StringBuilder();
            at = value.startsWith("\"", at) ? quoted(value, at, field) : bare(value, at, field);
            fields.add(field.toString());
            if (at >= value.length()) {
                return fields;
            }
            at++;
        }
    }

    private static int bare(String value, int start, StringBuilder field) {
        int end = value.indexOf(',', start);
        int stop = end < 0 ? value.length() : end;
        field.append(value, start, stop);
        if (field.indexOf("\"") >= 0) {
            throw new IllegalArgumentException("a quote stands in the middle of the field \"" + field
                    + "\"; quote the whole field and double the quotes inside");
        }
        return stop;
    }

    private static int quoted(String value, int start, StringBuilder field) {
        int at = start + 1;
        while (at < value.length()) {
            char c = value.charAt(at++);
            if (c != '"') {
                field.append(c);
            } else if (at < value.length() && value.charAt(at) == '"') {
                field.append('"');
                at++;
            } else if (at == value.length() || value.charAt(at) == ',') {
                return at;
            } else {
                throw new IllegalArgumentException("a comma must follow the closing quote of a field");
            }
        }
        throw new IllegalArgumentException("a quoted field has no closing quote");
    }

    /** A truth value as Go's strconv.ParseBool reads it. */
    static boolean truth(String key, String value) {
        return switch (value) {
            case "1", "t", "T", "true", "TRUE", "True" -> true;
            case "0", "f", "F", "false", "FALSE", "False" -> false;
            default -> throw new IllegalArgumentException(key + " must be true or false, not \"" + value + "\"");
        };
    }

    static IllegalArgumentException unknown(String key, String field, List<String> known) {
        if (field.indexOf('=') < 0) {
            return new IllegalArgumentException("\"" + field + "\" must be written name=value");
        }
        String closest = Suggestion.closest(key, known);
        return new IllegalArgumentException("invalid option \"" + key + "\" in \"" + field + "\""
                + (closest == null ? "; known are " + String.join(", ", known) : " (did you mean " + closest + "?)"));
    }
}
