package dev.strata.dockerfile;

import java.util.List;
import java.util.Locale;

/**
 * A device for RUN, from {@code --device=name[,required]}.
 *
 * @param name a CDI name such as {@code vendor.com/class=device}
 * @param required whether the step fails without it
 */
public record RunDevice(String name, boolean required) {
    private static final List<String> KEYS = List.of("name", "required");

    /** Reads a flag's value; an {@link IllegalArgumentException} says what is wrong. */
    public static RunDevice parse(String value) {
        String name = "";
        boolean required = false;
        for (String field : CommaFields.split(value)) {
            int equals = field.indexOf('=');
            String key = (equals < 0 ? field : field.substring(0, equals)).toLowerCase(Locale.ROOT);
            if (key.equals("required")) {
                required = equals < 0 || CommaFields.truth(key, field.substring(equals + 1));
            } else if (key.equals("name") && equals >= 0) {
                if (!name.isEmpty()) {
                    throw new IllegalArgumentException("the device's name is already " + name);
                }
                name = field.substring(equals + 1);
            } else if (name.isEmpty()) {
                name = field;
            } else {
                throw CommaFields.unknown(key, field, KEYS);
            }
        }
        return new RunDevice(name, required);
    }

    static void check(String value, Location location) {
        try {
            parse(value);
        } catch (IllegalArgumentException e) {
            throw new StatementReader.Malformed(
                    new SyntaxError(location, "--device=" + value + ": " + e.getMessage(), null, null, value));
        }
    }
}
